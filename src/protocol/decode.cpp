#include <optional>
#include <utility>
#include <variant>

#include "base/utf8.hpp"
#include "protocol/codec.hpp"
#include "protocol/kinds.hpp"
#include "protocol/reader.hpp"

namespace porter::detail::protocol {
namespace {

// Braced initialisers are evaluated from left to right, which is the order on the wire.

void read(reader& in, hello& out)
{
    out.version = in.u8();
    if (out.version == version) {
        out.agent = in.str();
    } else {
        in.rest();  // the format of another version is unknown
    }
}

void read(reader& in, identify& out)
{
    out = {in.str()};
}
void read(reader& in, register_account& out)
{
    out = {in.str(), in.str()};
}
void read(reader& in, login& out)
{
    out = {in.str(), in.str()};
}
void read(reader& in, resume& out)
{
    out = {in.str()};
}
void read(reader& in, change_password& out)
{
    out = {in.str(), in.str()};
}
void read(reader& in, logout& out)
{
    out = {in.one_of(logout_scope::account)};
}
void read(reader&, list_sessions&) {}
void read(reader& in, revoke_session& out)
{
    out = {in.u64()};
}
void read(reader& in, redeem& out)
{
    out = {in.str(), in.str(), in.str()};
}
void read(reader& in, prove& out)
{
    out = {in.str()};
}
void read(reader& in, second_factor& out)
{
    out = {in.one_of(factor_action::remove), in.str()};
}
void read(reader& in, text& out)
{
    out = {in.rest_text()};
}
void read(reader& in, data& out)
{
    out = {in.rest()};
}

base::bytes_view ping_body(reader& in)
{
    if (in.remaining() > ping_limit) in.fail(code::protocol_error);
    return in.rest();
}

void read(reader& in, ping& out)
{
    out = {ping_body(in)};
}
void read(reader& in, pong& out)
{
    out = {ping_body(in)};
}
void read(reader& in, closing& out)
{
    out = {in.u16(), in.str()};
}

void read(reader& in, welcome& out)
{
    out = {in.u8(), in.one_of(access_mode::authenticate), in.u32(), in.str(), in.str()};
}

void read(reader& in, granted& out)
{
    out = {in.one_of(auth_method::redeem), in.str(), in.u64(), in.str(), in.u64(), in.u64(), in.str(), in.u32()};
}

void read(reader& in, denied& out)
{
    out = {in.u16(), in.u32(), in.str()};
}
void read(reader&, done&) {}

void read(reader& in, sessions& out)
{
    constexpr std::size_t smallest_entry = 4 * 8 + 2 + 1;
    std::size_t const count = in.u16();
    if (count * smallest_entry > in.remaining()) return in.fail(code::protocol_error);
    out.entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        out.entries.push_back({in.u64(), in.u64(), in.u64(), in.u64(), in.str(), in.one_of(true)});
    }
}

void read(reader& in, enrolment& out)
{
    constexpr std::size_t smallest_code = 2;
    out.uri = in.str();
    std::size_t const count = in.u8();
    if (count * smallest_code > in.remaining()) return in.fail(code::protocol_error);
    out.recovery_codes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) out.recovery_codes.push_back(in.str());
}

template <typename Message, typename Set>
std::optional<code> decode_body(base::bytes_view body, Set& out)
{
    reader in{body};
    read(in, out.template emplace<Message>());
    return in.error();
}

/// Decodes the body if the variant has a message of this kind; otherwise `error` is unchanged.
template <typename... Messages>
void decode_if_member(kind message_kind, base::bytes_view body, std::variant<Messages...>& out,
                      std::optional<code>& error)
{
    bool const found = ((message_kind == kind_of<Messages> && (error = decode_body<Messages>(body, out), true)) || ...);
    static_cast<void>(found);
}

/// Decodes a payload as a message of the variant; `error_of_kind` gives the error for a kind that it does not have.
template <typename Set>
result<Set, code> decode(base::bytes_view payload, code (*error_of_kind)(kind))
{
    if (payload.empty()) return unexpected(code::protocol_error);
    auto const message_kind = static_cast<kind>(payload.front());
    Set message;
    std::optional<code> error = error_of_kind(message_kind);
    decode_if_member(message_kind, payload.subspan(1), message, error);
    if (error) return unexpected(*error);
    return message;
}

code error_before_access(kind message_kind)
{
    return is_kind(message_kind) ? code::unauthorized : code::protocol_error;
}

code error_after_access(kind)
{
    return code::protocol_error;
}

}  // namespace

result<opening, code> decode_opening(base::bytes_view payload)
{
    return decode<opening>(payload, error_before_access);
}

result<access_request, code> decode_access_request(base::bytes_view payload)
{
    return decode<access_request>(payload, error_before_access);
}

result<request, code> decode_request(base::bytes_view payload)
{
    return decode<request>(payload, error_after_access);
}

result<reply, code> decode_reply(base::bytes_view payload)
{
    return decode<reply>(payload, error_after_access);
}

std::optional<std::string_view> text_body(base::bytes_view payload) noexcept
{
    if (payload.empty() || static_cast<kind>(payload.front()) != kind::text) return std::nullopt;
    auto const body = base::as_text(payload.subspan(1));
    if (!base::valid_utf8(body)) return std::nullopt;
    return body;
}

}  // namespace porter::detail::protocol
