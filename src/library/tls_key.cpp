#include "library/tls_key.hpp"

#include <algorithm>
#include <string>

#include "tls/key_files.hpp"

namespace porter::rooms::library {
namespace {

bool is_own(server_options const& options)
{
    return !options.tls_key.empty();
}

tls::key_files files_of(server_options const& options)
{
    if (is_own(options)) return {options.tls_key, options.tls_certificate};
    return {options.data_dir / "tls-key.pem", options.data_dir / "tls-certificate.pem"};
}

}  // namespace

std::unique_ptr<server::encryption> open_encryption(server_options const& settled, base::clock const& clock,
                                                    log::logger& log)
{
    if (settled.tls == tls_mode::off) return nullptr;
    auto const files = files_of(settled);
    auto const key = is_own(settled) ? tls::load(files) : tls::load_or_make(files, clock.now());
    auto opened = std::make_unique<server::encryption>(settled.tls, key, std::max<std::size_t>(settled.threads, 1));
    log.info("tls_key", {{"fingerprint", opened->fingerprint()}, {"file", files.key.native()}});
    return opened;
}

void reload(server::encryption& encryption, server_options const& settled, log::logger& log)
{
    try {
        encryption.use(tls::load(files_of(settled)));
        log.info("tls_key_reloaded", {{"fingerprint", encryption.fingerprint()}});
    } catch (start_error const& refused) {
        log.error("tls_key_not_reloaded", {{"why", refused.what()}});
    }
}

void check_tls_key(server_options const& settled)
{
    if (settled.tls == tls_mode::off) return;
    if (is_own(settled)) {
        tls::load(files_of(settled));
    } else {
        tls::check(files_of(settled));
    }
}

}  // namespace porter::rooms::library
