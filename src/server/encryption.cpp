#include "server/encryption.hpp"

namespace porter::rooms::server {

void encryption::use(tls::certified_key const& key)
{
    auto fresh = std::make_shared<tls::server_context const>(key);
    auto fingerprint = key.fingerprint();
    std::lock_guard const lock{mutex_};
    context_ = std::move(fresh);
    fingerprint_ = std::move(fingerprint);
}

std::shared_ptr<tls::server_context const> encryption::context() const
{
    std::lock_guard const lock{mutex_};
    return context_;
}

std::string encryption::fingerprint() const
{
    std::lock_guard const lock{mutex_};
    return fingerprint_;
}

}  // namespace porter::rooms::server
