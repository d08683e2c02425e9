#include "config/check.hpp"

#include <fmt/format.h>

#include "base/hash_cost.hpp"
#include "base/text.hpp"
#include "config/bind.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"

namespace porter::detail::config {
namespace {

/// An option that is known and does nothing would be worse than one that is refused.
void reject_unavailable(porterd_options const& options)
{
    auto const refuse_if = [&options](bool used, std::string_view name, std::string const& instead) {
        if (!used) return;
        throw option_error(exit_code::bad_configuration,
                           fmt::format("{}: not in this version{}", options.place_of(name), instead));
    };
    refuse_if(!options.metrics.empty(), "metrics", "");
    refuse_if(options.service != "echo", "service",
              fmt::format(": only echo is, not {}", base::escape(options.service)));
}

void check_certificate(porterd_options const& options)
{
    bool const has_key = !options.server.tls_key.empty();
    bool const has_certificate = !options.server.tls_certificate.empty();
    auto const* const given = has_key ? "tls-key" : "tls-certificate";
    if (has_key != has_certificate) {
        throw option_error(exit_code::bad_configuration,
                           fmt::format("{}: --tls-key and --tls-certificate belong together", options.place_of(given)));
    }
    if (has_key && options.server.tls == tls_mode::off) {
        throw option_error(exit_code::bad_configuration,
                           fmt::format("{}: of no use with --tls off", options.place_of(given)));
    }
}

/// Each is within its bounds alone; together they could occupy a thread for an hour.
void check_hash_work(porterd_options const& options)
{
    auto const& server = options.server;
    base::hash_cost const cost{static_cast<std::uint32_t>(server.hash_memory / 1024), server.hash_ops};
    if (base::is_computable(cost)) return;
    throw option_error(exit_code::bad_configuration,
                       fmt::format("{}: --hash-memory times --hash-ops is more than {}", options.place_of("hash-ops"),
                                   size_text(base::most_hash_work_kib * 1024)));
}

}  // namespace

void check_together(porterd_options const& options)
{
    reject_unavailable(options);
    auto const& addresses = options.server.bind;
    if (auto const conflict = conflict_among(addresses)) {
        throw option_error(exit_code::bad_configuration, fmt::format("{}: {}", options.place_of("bind"), *conflict));
    }
    check_certificate(options);
    check_hash_work(options);
}

}  // namespace porter::detail::config
