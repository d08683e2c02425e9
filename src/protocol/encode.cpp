#include <cassert>
#include <limits>

#include "protocol/codec.hpp"
#include "protocol/kinds.hpp"
#include "protocol/writer.hpp"

namespace porter::detail::protocol {
namespace {

template <typename Message>
writer begin(Message const&, std::string& out)
{
    writer fields{out};
    fields.one_of(kind_of<Message>);
    return fields;
}

}  // namespace

void encode(hello const& message, std::string& out)
{
    begin(message, out).u8(message.version).str(message.agent);
}

void encode(identify const& message, std::string& out)
{
    begin(message, out).str(message.name);
}

void encode(register_account const& message, std::string& out)
{
    begin(message, out).str(message.name).str(message.password);
}

void encode(login const& message, std::string& out)
{
    begin(message, out).str(message.name).str(message.password);
}

void encode(resume const& message, std::string& out)
{
    begin(message, out).str(message.token);
}

void encode(change_password const& message, std::string& out)
{
    begin(message, out).str(message.current).str(message.new_password);
}

void encode(logout const& message, std::string& out)
{
    begin(message, out).one_of(message.scope);
}

void encode(list_sessions const& message, std::string& out)
{
    begin(message, out);
}

void encode(revoke_session const& message, std::string& out)
{
    begin(message, out).u64(message.id);
}

void encode(redeem const& message, std::string& out)
{
    begin(message, out).str(message.code).str(message.name).str(message.password);
}

void encode(prove const& message, std::string& out)
{
    begin(message, out).str(message.code);
}

void encode(second_factor const& message, std::string& out)
{
    begin(message, out).one_of(message.action).str(message.code);
}

void encode(text const& message, std::string& out)
{
    begin(message, out).rest(message.body);
}

void encode(data const& message, std::string& out)
{
    begin(message, out).rest(message.body);
}

void encode(ping const& message, std::string& out)
{
    assert(message.body.size() <= ping_limit);
    begin(message, out).rest(message.body);
}

void encode(pong const& message, std::string& out)
{
    assert(message.body.size() <= ping_limit);
    begin(message, out).rest(message.body);
}

void encode(closing const& message, std::string& out)
{
    begin(message, out).u16(message.code).str(message.reason);
}

void encode(welcome const& message, std::string& out)
{
    begin(message, out)
        .u8(message.version)
        .one_of(message.access)
        .u32(message.max_frame)
        .str(message.server)
        .str(message.known_as);
}

void encode(granted const& message, std::string& out)
{
    auto fields = begin(message, out);
    fields.one_of(message.auth_method).str(message.name).u64(message.session_id).str(message.token);
    fields.u64(message.expires_at).u64(message.last_login_at).str(message.last_address).u32(message.failed_since);
}

void encode(denied const& message, std::string& out)
{
    begin(message, out).u16(message.code).u32(message.retry_after).str(message.reason);
}

void encode(done const& message, std::string& out)
{
    begin(message, out);
}

void encode(sessions const& message, std::string& out)
{
    assert(message.entries.size() <= std::numeric_limits<std::uint16_t>::max());
    auto fields = begin(message, out);
    fields.u16(static_cast<std::uint16_t>(message.entries.size()));
    for (auto const& entry : message.entries) {
        fields.u64(entry.id).u64(entry.created_at).u64(entry.last_used_at).u64(entry.expires_at);
        fields.str(entry.address).one_of(entry.current);
    }
}

void encode(enrolment const& message, std::string& out)
{
    assert(message.recovery_codes.size() <= std::numeric_limits<std::uint8_t>::max());
    auto fields = begin(message, out);
    fields.str(message.uri).u8(static_cast<std::uint8_t>(message.recovery_codes.size()));
    for (auto const code : message.recovery_codes) fields.str(code);
}

}  // namespace porter::detail::protocol
