#pragma once

#include <string>

#include "protocol/messages.hpp"

namespace porter::detail::protocol {

/// Decodes one payload (a frame without its header). The error is the code of the `closing` that answers it:
/// protocol_error for an unknown kind, a server's kind, a body that does not fit exactly; unauthorized for a
/// client's kind that this phase does not have; invalid_utf8. The kind is judged before the body.
/// `opening` takes hello alone; of a hello of another version only the version is read.
result<opening, code> decode_opening(base::bytes_view payload);
result<access_request, code> decode_access_request(base::bytes_view payload);
/// In this phase a second hello is a protocol_error.
result<request, code> decode_request(base::bytes_view payload);
result<reply, code> decode_reply(base::bytes_view payload);

/// The body of a valid `text`, which most requests are. None: it is something else, and decode_request() says what.
std::optional<std::string_view> text_body(base::bytes_view payload) noexcept;

/// Appends the payload of a message to `out`. A `str` longer than 65,535 bytes is cut at a code point's end.
void encode(hello const&, std::string& out);
void encode(identify const&, std::string& out);
void encode(register_account const&, std::string& out);
void encode(login const&, std::string& out);
void encode(resume const&, std::string& out);
void encode(change_password const&, std::string& out);
void encode(logout const&, std::string& out);
void encode(list_sessions const&, std::string& out);
void encode(revoke_session const&, std::string& out);
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

}  // namespace porter::detail::protocol
