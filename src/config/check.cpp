#include "config/check.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/bind.hpp"
#include "config/problem.hpp"

namespace porter::rooms::config {
namespace {

/// An option that is known and does nothing would be worse than one that is refused.
void refuse_what_is_not_built(porterd_options const& options)
{
    auto const refuse_if = [&options](bool used, std::string_view name, std::string const& instead) {
        if (!used) return;
        throw problem(exit_code::bad_configuration,
                      fmt::format("{}: not in this version{}", options.place_of(name), instead));
    };
    refuse_if(!options.tls_certificate.empty(), "tls-certificate", "");
    refuse_if(!options.tls_key.empty(), "tls-key", "");
    refuse_if(!options.metrics.empty(), "metrics", "");
    refuse_if(options.tls == tls_mode::required, "tls", ": only auto and off are, not required");
    refuse_if(options.service != "echo", "service",
              fmt::format(": only echo is, not {}", base::escape(options.service)));
}

}  // namespace

void check_together(porterd_options const& options)
{
    refuse_what_is_not_built(options);
    auto const& addresses = options.server.bind;
    if (auto const conflict = conflict_among(addresses)) {
        throw problem(exit_code::bad_configuration, fmt::format("{}: {}", options.place_of("bind"), *conflict));
    }
    for (auto const& address : addresses) {
        if (options.tls == tls_mode::off || is_loopback(address)) continue;
        throw problem(exit_code::bad_configuration,
                      fmt::format("{}: {} is open to other machines and this version has no TLS: give --tls off to let "
                                  "passwords travel unencrypted, or bind 127.0.0.1",
                                  options.place_of("bind"), address));
    }
}

}  // namespace porter::rooms::config
