#include "porter/server.hpp"

#include "library/data_dir.hpp"
#include "library/health.hpp"
#include "library/live_json.hpp"
#include "library/metrics_text.hpp"
#include "library/options.hpp"
#include "library/server_impl.hpp"
#include "library/tls_key.hpp"
#include "services/echo.hpp"

namespace porter {

namespace library = detail::library;

server::server(asio::io_context& io, server_options options, service handler, server_parts parts)
    : impl_(std::make_unique<impl>(io, library::prepare_data_dir(library::checked(std::move(options)), parts),
                                   std::move(handler), parts))
{}

server::server(asio::io_context& io, server_options options) : server(io, std::move(options), detail::services::echo) {}

server::server(std::unique_ptr<impl> made) : impl_(std::move(made)) {}

server::~server() = default;

porter::logger& server::log() const noexcept
{
    return impl_->logger;
}

std::size_t server::connection_count() const
{
    return impl_->server.connections();
}

task<std::vector<connection_info>> server::connections()
{
    return impl_->server.list_connections();
}

std::vector<asio::ip::tcp::endpoint> server::local_endpoints() const
{
    return impl_->server.local_endpoints();
}

std::string server::metrics() const
{
    return library::metrics_text(impl_->monitored());
}

std::string server::status() const
{
    return library::status_json(impl_->monitored(), "null");
}

std::string server::live_status() const
{
    auto const parts = impl_->monitored();
    return library::status_json(parts, library::live_json(parts));
}

std::vector<std::string> server::problems() const
{
    std::vector<std::string> lines;
    for (auto const& each : library::problems_of(library::facts_of(impl_->monitored()))) {
        lines.push_back(std::string{each.kind} + ": " + each.reason);
    }
    return lines;
}

void server::stop()
{
    impl_->stop();
}

void server::reopen_log()
{
    if (impl_->log_file) impl_->log_file->reopen();
}

void server::reload(server_options const& changed)
{
    impl_->reload(changed);
}

task<void> server::probe()
{
    return impl_->server.probe();
}

void server::reload_certificate()
{
    if (impl_->tls) library::reload(*impl_->tls, impl_->options, impl_->clock, impl_->logger);
}

std::vector<std::string> const& server::warnings() const noexcept
{
    return impl_->warnings;
}

void server::on_failure(std::function<void(std::string const& reason)> handler)
{
    impl_->on_failure = std::move(handler);
}

std::string server::key_fingerprint() const
{
    return impl_->tls ? impl_->tls->fingerprint() : std::string{};
}

}  // namespace porter
