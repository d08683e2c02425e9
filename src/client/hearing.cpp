// What the link does with each message of the server.

#include "client/link.hpp"

namespace porter::rooms::client {

namespace {

constexpr std::uint32_t largest_max_frame = 16 * 1024 * 1024;  // docs/PROTOCOL.md, frames
constexpr std::size_t most_pongs = 10'000;  // unwritten: a peer that pings and does not read has a bound

}  // namespace

void link::take_up_frames()
{
    base::error_code error;
    while (!ended_ && !is_full()) {
        auto const payload = socket_.next(error);
        if (error == frame_errc::frame_too_large) return break_protocol(code::frame_too_large, error.message());
        if (error) return break_protocol(code::protocol_error, error.message());
        if (!payload) return;
        take_up(*payload);
    }
    if (ended_) socket_.decoder().discard();
}

void link::take_up(base::bytes_view payload)
{
    auto const decoded = protocol::decode_reply(payload);
    if (!decoded) return break_protocol(decoded.error(), "the server sent something that no server sends");
    std::visit([this](auto const& said) { on(said); }, *decoded);
}

void link::on(protocol::text const& said)
{
    if (!granted_) return break_protocol(code::protocol_error, "a text came before access");
    inbox_.push(message::kind::text, said.body);
    message_arrived_.notify();
}

void link::on(protocol::data const& said)
{
    if (!granted_) return break_protocol(code::protocol_error, "data came before access");
    inbox_.push(message::kind::data, base::as_text(said.body));
    message_arrived_.notify();
}

void link::on(protocol::ping const& said)
{
    if (!granted_) return;  // a client may not answer before access
    if (++pongs_queued_ > most_pongs) return break_protocol(code::protocol_error, "pings came and no pong was taken");
    socket_.encoder().compose([&](std::string& out) { protocol::encode(protocol::pong{said.body}, out); });
    output_queued_.notify();
}

void link::on(protocol::closing const& said)
{
    end(to_value(said));
}

void link::on(protocol::welcome const& said)
{
    if (said.version != protocol::version || said.max_frame > largest_max_frame) {
        return break_protocol(code::protocol_error, "the welcome is not one of this protocol's version");
    }
    server_ = to_value(said);
    settle(expected::welcome, server_);
    bool const known = server_.access == access::identify && !server_.known_as.empty();
    if (!ended_ && (server_.access == access::open || known)) at_once_ = expect(expected::granted);
}

void link::on(protocol::granted const& said)
{
    auto given = to_value(said);
    granted_ = given;
    base::wipe(granted_->token);
    socket_.decoder().limit(server_.max_frame + server_overhead);
    settle(expected::granted, std::move(given));
}

void link::on(protocol::denied const& said)
{
    auto why = to_value(said);
    bool const about_data = granted_ && sent_data_ && why.what == code::not_supported;
    if (about_data) {
        refused_data_ = std::move(why);
    } else if (questions_.empty()) {
        break_protocol(code::protocol_error, "the server denied what was not asked");
    } else {
        auto const asked = std::move(questions_.front());
        questions_.pop_front();
        asked->settle(refuse(std::move(why)));
    }
}

void link::on(protocol::done const& said)
{
    settle(expected::done, said);
}

void link::on(protocol::sessions const& said)
{
    settle(expected::sessions, to_value(said));
}

void link::settle(expected kind, answer said)
{
    if (questions_.empty() || questions_.front()->wanted != kind) {
        return break_protocol(code::protocol_error, "the server answered what was not asked");
    }
    auto const asked = std::move(questions_.front());
    questions_.pop_front();
    asked->settle(std::move(said));
}

}  // namespace porter::rooms::client
