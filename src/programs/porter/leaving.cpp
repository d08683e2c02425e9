#include "programs/porter/leaving.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <asio/error.hpp>
#include <new>
#include <system_error>

#include "base/text.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

using rooms::config::exit_code;

exit_code exit_code_of(code said)
{
    switch (said) {
        case code::normal:
            return exit_code::ok;
        case code::protocol_error:
        case code::frame_too_large:
        case code::invalid_utf8:
        case code::unsupported_version:
        case code::unauthorized:
            return exit_code::protocol;
        case code::timeout:
        case code::idle:
        case code::too_many_attempts:
        case code::shutting_down:
        case code::server_full:
        case code::slow_consumer:
        case code::internal:
        case code::throttled:
        case code::busy:
        case code::unavailable:
            return exit_code::try_again;
        case code::session_ended:
        case code::tls_required:
        case code::bad_credentials:
        case code::name_taken:
        case code::invalid_name:
        case code::weak_password:
        case code::invalid_token:
        case code::registration_closed:
        case code::not_supported:
            return exit_code::refused;
        case code::not_found:
            return exit_code::not_found;
    }
    return exit_code::refused;  // a code of a newer protocol
}

bool is_about_open_files(std::error_code const& error)
{
    return error == asio::error::no_descriptors || error == std::errc::too_many_files_open ||
           error == std::errc::too_many_files_open_in_system;
}

std::string advice_about_open_files()
{
    struct ::rlimit files {};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return fmt::format("the limit is {} for a process (ulimit -n), and porter needs some 20", files.rlim_cur);
}

/// What the library refused to send.
exit_code exit_code_of_unsent(code why)
{
    switch (why) {
        case code::frame_too_large:
        case code::invalid_utf8:
            return exit_code::bad_data;
        default:
            return exit_code::defect;
    }
}

}  // namespace

exit_code exit_code_of(client_failure const& failed)
{
    switch (failed.why) {
        case client_failure::cause::unreachable:
        case client_failure::cause::timed_out:
        case client_failure::cause::lost:
            return exit_code::unreachable;
        case client_failure::cause::protocol:
            return exit_code::protocol;
        case client_failure::cause::unknown_server:
        case client_failure::cause::untrusted:
            return exit_code::refused;
        case client_failure::cause::not_sent:
            return exit_code_of_unsent(failed.what);
        case client_failure::cause::closed:
        case client_failure::cause::denied:
            break;
    }
    return exit_code_of(failed.what);
}

std::string line_of(client_failure const& failed)
{
    using cause = client_failure::cause;
    auto const line = rooms::base::escape(describe(failed));
    if (is_about_open_files(failed.system)) return line + " (" + advice_about_open_files() + ")";
    if (failed.why == cause::unknown_server) return line + " (--trust FINGERPRINT, or --trust-first-use)";
    // Who answers a handshake in the clear may be somebody on the way: that is no time to propose --plain.
    if (failed.what != code::tls_required || failed.why == cause::protocol) return line;
    return line + " (this server wants TLS: leave out --plain)";
}

std::string sentence_of(client_failure const& failed)
{
    using cause = client_failure::cause;
    bool const said_by_server = failed.why == cause::closed || failed.why == cause::denied;
    if (said_by_server && failed.what == code::session_ended) {
        return "Your session was ended (somewhere else, or by the administrator). Start porter again to log in.";
    }
    if (said_by_server && failed.what == code::too_many_attempts) return "Too many wrong tries: start porter again.";
    if (failed.why != cause::denied || failed.reason.empty()) return line_of(failed);
    return rooms::terminal::sentence(failed.reason);
}

leaving leaving_for(client_failure const& failed)
{
    return {exit_code_of(failed), line_of(failed)};
}

leaving leaving_for(std::exception_ptr const& defect)
{
    try {
        std::rethrow_exception(defect);
    } catch (std::system_error const& error) {
        if (!is_about_open_files(error.code())) return {exit_code::defect, rooms::base::escape(error.what())};
        return {exit_code::bad_configuration, "too many open files: " + advice_about_open_files()};
    } catch (std::bad_alloc const&) {
        return {exit_code::defect, "out of memory"};
    } catch (std::exception const& error) {
        return {exit_code::defect, rooms::base::escape(error.what())};
    }
}

}  // namespace porter::programs
