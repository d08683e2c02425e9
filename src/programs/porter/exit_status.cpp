#include "programs/porter/exit_status.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <asio/error.hpp>
#include <new>
#include <system_error>

#include "base/text.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

using detail::config::exit_code;

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
            return exit_code::temporary_failure;
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

exit_code exit_code_of(client_error const& failed)
{
    switch (failed.cause) {
        case client_errc::unreachable:
        case client_errc::timed_out:
        case client_errc::lost:
            return exit_code::unreachable;
        case client_errc::protocol:
            return exit_code::protocol;
        case client_errc::unknown_server:
        case client_errc::untrusted:
            return exit_code::refused;
        case client_errc::not_sent:
            return exit_code_of_unsent(failed.code);
        case client_errc::closed:
        case client_errc::denied:
            break;
    }
    return exit_code_of(failed.code);
}

std::string line_of(client_error const& failed)
{
    auto const line = detail::base::escape(describe(failed));
    if (is_about_open_files(failed.system)) return line + " (" + advice_about_open_files() + ")";
    if (failed.cause == client_errc::unknown_server) return line + " (--trust FINGERPRINT, or --trust-first-use)";
    // Who answers a handshake in the clear may be somebody on the way: that is no time to propose --plain.
    if (failed.code != code::tls_required || failed.cause == client_errc::protocol) return line;
    return line + " (this server wants TLS: leave out --plain)";
}

std::string sentence_of(client_error const& failed)
{
    bool const said_by_server = failed.cause == client_errc::closed || failed.cause == client_errc::denied;
    if (said_by_server && failed.code == code::session_ended) {
        return "Your session was ended (somewhere else, or by the administrator). Start porter again to log in.";
    }
    if (said_by_server && failed.code == code::too_many_attempts) return "Too many wrong tries: start porter again.";
    if (failed.cause != client_errc::denied || failed.reason.empty()) return line_of(failed);
    return detail::terminal::sentence(failed.reason);
}

exit_status exit_status_for(client_error const& failed)
{
    return {exit_code_of(failed), line_of(failed)};
}

exit_status exit_status_for(std::exception_ptr const& defect)
{
    try {
        std::rethrow_exception(defect);
    } catch (std::system_error const& error) {
        if (!is_about_open_files(error.code())) return {exit_code::defect, detail::base::escape(error.what())};
        return {exit_code::bad_configuration, "too many open files: " + advice_about_open_files()};
    } catch (std::bad_alloc const&) {
        return {exit_code::defect, "out of memory"};
    } catch (std::exception const& error) {
        return {exit_code::defect, detail::base::escape(error.what())};
    }
}

}  // namespace porter::programs
