#include "bench/fault.hpp"

#include "base/text.hpp"

namespace porter::detail::bench {

namespace {

fault::kind kind_of(code said)
{
    switch (said) {
        case code::timeout:
        case code::too_many_attempts:
        case code::shutting_down:
        case code::server_full:
        case code::throttled:
        case code::busy:
        case code::unavailable:
            return fault::kind::temporary_failure;
        case code::protocol_error:
        case code::frame_too_large:
        case code::invalid_utf8:
        case code::unsupported_version:
            return fault::kind::protocol;
        default:
            return fault::kind::refused;
    }
}

}  // namespace

fault denial_fault(std::uint16_t number, std::string_view said)
{
    auto const value = static_cast<code>(number);
    auto line = "the server says " + std::string{name_of(value)};
    if (!said.empty()) line += ": " + base::escape(said.substr(0, 200));
    return {kind_of(value), line};
}

fault system_fault(fault::kind what, std::string_view doing, std::error_code error)
{
    return {what, std::string{doing} + ": " + error.message()};
}

}  // namespace porter::detail::bench
