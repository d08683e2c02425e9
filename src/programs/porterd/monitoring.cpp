#include "programs/porterd/monitoring.hpp"

#include <string>
#include <utility>

#include "porter/start_error.hpp"
#include "programs/porterd/console.hpp"

namespace porter::programs {
namespace {

namespace monitoring = detail::monitoring;

void report(detail::config::metrics_address address, monitoring::http_server const& listening, logger& log)
{
    if (address.path.empty()) address.port = listening.port();
    log.info("metrics_listening", {log_field::quoted("address", address.text())});
    if (!address.is_exposed()) return;
    log.warn("metrics_exposed", {log_field::quoted("address", address.text())});
    print_warning("--metrics " + address.text() + " is open to other machines, without encryption or a password");
}

}  // namespace

std::unique_ptr<monitoring::http_server> start_monitoring(detail::config::porterd_options const& options,
                                                          server const& monitored)
{
    auto const& address = options.metrics;
    if (address.is_empty()) return nullptr;
    monitoring::pages content;
    content.metrics = [&monitored] { return monitored.metrics(); };
    content.status = [&monitored] { return monitored.status(); };
    if (!address.is_exposed()) content.live_status = [&monitored] { return monitored.live_status(); };
    content.problems = [&monitored] { return monitored.problems(); };
    try {
        monitoring::endpoint const where{address.ip, address.port, address.path};
        auto made = std::make_unique<monitoring::http_server>(where, std::move(content));
        report(address, *made, monitored.log());
        return made;
    } catch (start_error const& error) {
        monitored.log().error("start_failed", {log_field::quoted("why", error.what())});
        throw;
    }
}

}  // namespace porter::programs
