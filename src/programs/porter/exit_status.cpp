#include "programs/porter/exit_status.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <asio/error.hpp>
#include <new>
#include <system_error>
#include <utility>

#include "porter/start_error.hpp"
#include "porter/text.hpp"
#include "programs/porter/code_text.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

using detail::config::exit_code;

exit_code exit_code_of(code reason)
{
    switch (reason) {
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
        case code::banned:
        case code::bad_credentials:
        case code::name_taken:
        case code::invalid_name:
        case code::weak_password:
        case code::invalid_token:
        case code::registration_closed:
        case code::not_supported:
        case code::invalid_code:
        case code::second_factor:
            return exit_code::refused;
        case code::not_found:
            return exit_code::not_found;
    }
    return exit_code::refused;  // a code of a newer protocol
}

bool is_lack_of_descriptors(std::error_code const& error)
{
    return error == asio::error::no_descriptors || error == std::errc::too_many_files_open ||
           error == std::errc::too_many_files_open_in_system;
}

std::string open_files_advice()
{
    struct ::rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return fmt::format("the limit is {} for a process (ulimit -n), and porter needs some 20", files.rlim_cur);
}

/// Whether code_text() tells the user what to do, so that the server's reason is not needed.
bool has_advice(code reason)
{
    return reason == code::too_many_attempts || reason == code::session_ended || reason == code::tls_required ||
           reason == code::banned || reason == code::second_factor;
}

exit_code exit_code_of_unsent(code reason)
{
    switch (reason) {
        case code::frame_too_large:
        case code::invalid_utf8:
            return exit_code::bad_data;
        default:
            return exit_code::defect;
    }
}

}  // namespace

exit_code exit_code_of(client_error const& error)
{
    switch (error.cause) {
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
            return exit_code_of_unsent(error.code);
        case client_errc::closed:
        case client_errc::denied:
            break;
    }
    return exit_code_of(error.code);
}

std::string line_of(client_error const& error)
{
    auto line = escape(describe(error));
    if (is_lack_of_descriptors(error.system)) return fmt::format("{} ({})", line, open_files_advice());
    if (error.cause == client_errc::unknown_server) return line + " (--trust FINGERPRINT, or --trust-first-use)";
    if (error.code == code::second_factor && error.cause == client_errc::denied) {
        return fmt::format("{} (log in on a terminal once: a saved session asks for no code)", line);
    }
    // A plaintext reply to a TLS handshake may be an attacker's, so --plain is not suggested.
    if (error.code != code::tls_required || error.cause == client_errc::protocol) return line;
    return line + " (this server requires TLS: leave out --plain)";
}

std::string clause_of(client_error const& error)
{
    auto reason = escape(error.reason);
    auto const meaning = std::string{code_text(error.code)};
    switch (error.cause) {
        case client_errc::closed:
            return reason.empty() || has_advice(error.code) ? meaning : meaning + " (" + reason + ")";
        case client_errc::denied:
            return reason.empty() || has_advice(error.code) ? meaning : reason;
        case client_errc::timed_out:
            return reason;
        case client_errc::protocol:
            return error.code == code::tls_required ? reason : "the server violated the protocol: " + reason;
        case client_errc::not_sent:
            return "not sent: " + reason;
        case client_errc::unreachable:
        case client_errc::lost:
        case client_errc::unknown_server:
        case client_errc::untrusted:
            break;
    }
    return line_of(error);
}

std::string sentence_of(client_error const& error)
{
    return detail::terminal::sentence(clause_of(error));
}

exit_status exit_status_for(client_error const& error)
{
    auto clause = clause_of(error);
    if (error.retry_after.count() > 0) clause += fmt::format("; try again in {} s", error.retry_after.count());
    return {exit_code_of(error), line_of(error), std::move(clause)};
}

exit_status exit_status_for(std::exception_ptr const& defect)
{
    try {
        std::rethrow_exception(defect);
    } catch (start_error const& error) {
        return {detail::config::exit_code_of(error.code()), error.what()};
    } catch (std::system_error const& error) {
        if (!is_lack_of_descriptors(error.code())) return {exit_code::defect, escape(error.what())};
        return {exit_code::bad_configuration, fmt::format("too many open files: {}", open_files_advice())};
    } catch (std::bad_alloc const&) {
        return {exit_code::defect, "out of memory"};
    } catch (std::exception const& error) {
        return {exit_code::defect, escape(error.what())};
    }
}

}  // namespace porter::programs
