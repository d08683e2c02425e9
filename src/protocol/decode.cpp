#include <optional>
#include <utility>
#include <variant>

#include "base/utf8.hpp"
#include "protocol/codec.hpp"
#include "protocol/kinds.hpp"
#include "protocol/reader.hpp"

namespace porter::detail::protocol {
namespace {

// How each body is read. Braces are read from left to right, which is the order on the wire.

void read(reader& in, hello& out)
{
    out.version = in.u8();
    if (out.version == version) {
        out.agent = in.str();
    } else {
        in.rest();  // another version's business
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
    if (in.left() > ping_limit) in.fail(code::protocol_error);
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
    out = {in.one_of(via::resume), in.str(), in.u64(), in.str(), in.u64(), in.u64(), in.str(), in.u32()};
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
    if (count * smallest_entry > in.left()) return in.fail(code::protocol_error);
    out.entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        out.entries.push_back({in.u64(), in.u64(), in.u64(), in.u64(), in.str(), in.one_of(true)});
    }
}

template <typename Message, typename Set>
std::optional<code> decode_body(base::bytes_view body, Set& out)
{
    reader in{body};
    read(in, out.template emplace<Message>());
    return in.fault();
}

/// Looks for the member of a closed set that has this kind and reads it; the fault stays as it is if there is none.
template <typename... Messages>
void decode_if_member(kind what, base::bytes_view body, std::variant<Messages...>& out, std::optional<code>& fault)
{
    bool const found = ((what == kind_of<Messages> && (fault = decode_body<Messages>(body, out), true)) || ...);
    static_cast<void>(found);
}

/// Decodes a payload as the member of a closed set that its kind names; `foreign` answers a kind that is none.
template <typename Set>
result<Set, code> decode(base::bytes_view payload, code (*foreign)(kind))
{
    if (payload.empty()) return unexpected(code::protocol_error);
    auto const what = static_cast<kind>(payload.front());
    Set message;
    std::optional<code> fault = foreign(what);
    decode_if_member(what, payload.subspan(1), message, fault);
    if (fault) return unexpected(*fault);
    return message;
}

code not_yet(kind what)
{
    return is_kind(what) ? code::unauthorized : code::protocol_error;
}

code never(kind)
{
    return code::protocol_error;
}

}  // namespace

result<opening, code> decode_opening(base::bytes_view payload)
{
    return decode<opening>(payload, not_yet);
}

result<access_request, code> decode_access_request(base::bytes_view payload)
{
    return decode<access_request>(payload, not_yet);
}

result<request, code> decode_request(base::bytes_view payload)
{
    return decode<request>(payload, never);
}

result<reply, code> decode_reply(base::bytes_view payload)
{
    return decode<reply>(payload, never);
}

std::optional<std::string_view> text_body(base::bytes_view payload) noexcept
{
    if (payload.empty() || static_cast<kind>(payload.front()) != kind::text) return std::nullopt;
    auto const body = base::as_text(payload.subspan(1));
    if (!base::valid_utf8(body)) return std::nullopt;
    return body;
}

}  // namespace porter::detail::protocol
