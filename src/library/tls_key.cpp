#include "library/tls_key.hpp"

#include <algorithm>
#include <string>
#include <system_error>

#include "base/url.hpp"
#include "base/writable_folder.hpp"
#include "store/audit_key.hpp"
#include "tls/certificate_check.hpp"
#include "tls/key_files.hpp"

namespace porter::detail::library {
namespace {

bool has_own_key(server_options const& options)
{
    return !options.tls_key.empty();
}

tls::key_files files_of(server_options const& options)
{
    if (has_own_key(options)) return {options.tls_key, options.tls_certificate};
    return {options.data_dir / "tls-key.pem", options.data_dir / "tls-certificate.pem"};
}

void log_warnings(std::vector<std::string> const& defects, tls::key_files const& files, log::logger& log)
{
    for (auto const& each : defects) {
        log.warn("tls_certificate_warning", {{"file", files.certificate.native()}, {"why", "it " + each}});
    }
}

/// Lines for a person.
std::vector<std::string> lines_of(std::vector<std::string> const& defects, tls::key_files const& files)
{
    std::vector<std::string> lines;
    for (auto const& each : defects) lines.push_back(files.certificate.string() + ": the certificate " + each);
    return lines;
}

}  // namespace

std::unique_ptr<server::tls_acceptor> open_tls_acceptor(server_options const& options, base::clock const& clock,
                                                        log::logger& log, std::vector<std::string>& warnings)
{
    if (options.tls == tls_mode::off) return nullptr;
    auto const files = files_of(options);
    auto const key = has_own_key(options) ? tls::load(files) : tls::load_or_make(files, clock.now());
    auto opened = std::make_unique<server::tls_acceptor>(options.tls, key, std::max<std::size_t>(options.threads, 1));
    log.info("tls_key", {{"fingerprint", opened->fingerprint()}, {"file", files.key.native()}});
    auto const defects = tls::certificate_warnings(key, clock.now());
    log_warnings(defects, files, log);
    warnings = lines_of(defects, files);
    return opened;
}

void reload(server::tls_acceptor& acceptor, server_options const& options, base::clock const& clock, log::logger& log)
{
    try {
        auto const files = files_of(options);
        auto const key = tls::load(files);
        acceptor.set_key(key);
        log.info("tls_key_reloaded", {{"fingerprint", acceptor.fingerprint()}});
        log_warnings(tls::certificate_warnings(key, clock.now()), files, log);
    } catch (start_error const& error) {
        log.error("tls_key_not_reloaded", {{"why", error.what()}});
    }
}

auth::name_key name_key_of(server_options const& options)
{
    if (!base::is_url(options.database)) return auth::random_name_key();
    auto const key = tls::load_key(options.tls_key);
    return auth::derive_name_key(tls::to_pem(*key).view());
}

store::audit_key audit_key_of(server_options const& options)
{
    auto const key = tls::load_key(options.tls_key);
    return store::derive_audit_key(tls::to_pem(*key).view());
}

std::vector<std::string> check_tls_key(server_options const& options, base::clock const& clock)
{
    if (options.tls == tls_mode::off) {
        if (has_own_key(options)) tls::load_key(options.tls_key);
        return {};
    }
    auto const files = files_of(options);
    auto const key = has_own_key(options) ? tls::load(files) : tls::check(files);
    if (!key) {  // a start would create the key there
        int const error = base::error_of_creating_in(options.data_dir, options.data_dir);
        if (error == 0) return {};
        throw start_error{start_errc::cannot_create,
                          "cannot create " + files.key.string() + ": " + std::generic_category().message(error)};
    }
    return lines_of(tls::certificate_warnings(*key, clock.now()), files);
}

}  // namespace porter::detail::library
