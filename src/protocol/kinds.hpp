#pragma once

#include <string_view>

#include "protocol/messages.hpp"

namespace porter::detail::protocol {

/// The first byte of each message's payload. A type without a specialisation does not compile.
template <typename Message>
inline constexpr kind kind_of = Message::has_no_kind;

template <>
inline constexpr kind kind_of<hello> = kind::hello;
template <>
inline constexpr kind kind_of<identify> = kind::identify;
template <>
inline constexpr kind kind_of<register_account> = kind::register_account;
template <>
inline constexpr kind kind_of<login> = kind::login;
template <>
inline constexpr kind kind_of<resume> = kind::resume;
template <>
inline constexpr kind kind_of<change_password> = kind::change_password;
template <>
inline constexpr kind kind_of<logout> = kind::logout;
template <>
inline constexpr kind kind_of<list_sessions> = kind::list_sessions;
template <>
inline constexpr kind kind_of<revoke_session> = kind::revoke_session;
template <>
inline constexpr kind kind_of<redeem> = kind::redeem;
template <>
inline constexpr kind kind_of<prove> = kind::prove;
template <>
inline constexpr kind kind_of<second_factor> = kind::second_factor;
template <>
inline constexpr kind kind_of<text> = kind::text;
template <>
inline constexpr kind kind_of<data> = kind::data;
template <>
inline constexpr kind kind_of<ping> = kind::ping;
template <>
inline constexpr kind kind_of<pong> = kind::pong;
template <>
inline constexpr kind kind_of<closing> = kind::closing;
template <>
inline constexpr kind kind_of<welcome> = kind::welcome;
template <>
inline constexpr kind kind_of<granted> = kind::granted;
template <>
inline constexpr kind kind_of<denied> = kind::denied;
template <>
inline constexpr kind kind_of<done> = kind::done;
template <>
inline constexpr kind kind_of<sessions> = kind::sessions;
template <>
inline constexpr kind kind_of<enrolment> = kind::enrolment;

/// Whether a client may send this kind, in any phase.
constexpr bool is_client_kind(kind message_kind) noexcept
{
    return (message_kind >= kind::hello && message_kind <= kind::second_factor) ||
           (message_kind >= kind::text && message_kind <= kind::closing);
}

/// Whether the protocol defines this kind.
constexpr bool is_kind(kind message_kind) noexcept
{
    return is_client_kind(message_kind) || (message_kind >= kind::welcome && message_kind <= kind::enrolment);
}

/// The name in docs/PROTOCOL.md: "hello", "register". Empty: the protocol does not define this number.
std::string_view name_of(kind message_kind) noexcept;

}  // namespace porter::detail::protocol
