#include "server/tls_acceptor.hpp"

namespace porter::detail::server {

void tls_acceptor::set_key(tls::certified_key const& key)
{
    auto fresh = std::make_shared<tls::server_context const>(key);
    auto fingerprint = key.fingerprint();
    std::lock_guard const lock{mutex_};
    context_ = std::move(fresh);
    fingerprint_ = std::move(fingerprint);
}

std::shared_ptr<tls::server_context const> tls_acceptor::context() const
{
    std::lock_guard const lock{mutex_};
    return context_;
}

std::string tls_acceptor::fingerprint() const
{
    std::lock_guard const lock{mutex_};
    return fingerprint_;
}

}  // namespace porter::detail::server
