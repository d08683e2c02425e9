#pragma once

#include <string>

#include "porter/result.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::protocol {

/// Decodes one payload (a frame without its header). The error is the code for the `closing` in reply: protocol_error
/// for an unknown kind, a server's kind, or a body that does not have the exact format; unauthorized for a client's
/// kind that is not allowed in this phase; invalid_utf8. The kind is checked before the body. `opening` takes hello and
/// closing; of a hello of another version only the version is read.
result<opening, code> decode_opening(base::bytes_view payload);
result<access_request, code> decode_access_request(base::bytes_view payload);
/// In this phase a second hello is a protocol_error.
result<request, code> decode_request(base::bytes_view payload);
result<reply, code> decode_reply(base::bytes_view payload);

/// A fast path for most requests: the body of a valid `text`. None: anything else, for decode_request().
std::optional<std::string_view> text_body(base::bytes_view payload) noexcept;

/// Appends the payload of a message to `out`. A `str` longer than 65,535 bytes is cut at the end of a code point.
void encode(hello const&, std::string& out);
void encode(identify const&, std::string& out);
void encode(register_account const&, std::string& out);
void encode(login const&, std::string& out);
void encode(resume const&, std::string& out);
void encode(change_password const&, std::string& out);
void encode(logout const&, std::string& out);
void encode(list_sessions const&, std::string& out);
void encode(revoke_session const&, std::string& out);
void encode(redeem const&, std::string& out);
void encode(prove const&, std::string& out);
void encode(second_factor const&, std::string& out);
void encode(text const&, std::string& out);
void encode(data const&, std::string& out);
void encode(ping const&, std::string& out);
void encode(pong const&, std::string& out);
void encode(closing const&, std::string& out);
void encode(welcome const&, std::string& out);
void encode(granted const&, std::string& out);
void encode(denied const&, std::string& out);
void encode(done const&, std::string& out);
void encode(sessions const&, std::string& out);
void encode(enrolment const&, std::string& out);

}  // namespace porter::detail::protocol
