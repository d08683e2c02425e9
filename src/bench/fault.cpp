#include "bench/fault.hpp"

#include "base/text.hpp"

namespace porter::detail::bench {

namespace {

fault_kind kind_of(code value)
{
    switch (value) {
        case code::timeout:
        case code::too_many_attempts:
        case code::shutting_down:
        case code::server_full:
        case code::throttled:
        case code::busy:
        case code::unavailable:
            return fault_kind::temporary_failure;
        case code::protocol_error:
        case code::frame_too_large:
        case code::invalid_utf8:
        case code::unsupported_version:
            return fault_kind::protocol;
        default:
            return fault_kind::refused;
    }
}

}  // namespace

fault denial_fault(std::uint16_t number, std::string_view reason)
{
    auto const value = static_cast<code>(number);
    auto line = "the server says " + std::string{name_of(value)};
    if (!reason.empty()) line += ": " + base::escape(reason.substr(0, 200));
    return {kind_of(value), line};
}

fault system_fault(fault_kind kind, std::string_view action, std::error_code error)
{
    return {kind, std::string{action} + ": " + error.message()};
}

}  // namespace porter::detail::bench
