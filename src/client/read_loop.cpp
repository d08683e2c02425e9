// What the link does with each message of the server.

#include "client/connection_impl.hpp"

namespace porter::detail::client {

namespace {

constexpr std::uint32_t largest_max_frame = 16 * 1024 * 1024;  // docs/PROTOCOL.md, frames
constexpr std::size_t most_pongs = 10'000;  // unwritten: a peer that pings and does not read has a bound

}  // namespace

void connection_impl::dispatch_frames()
{
    base::error_code error;
    while (!ended_ && !is_full()) {
        auto const payload = socket_.next(error);
        if (error == frame_errc::frame_too_large) return fail_protocol(code::frame_too_large, error.message());
        if (error) return fail_protocol(code::protocol_error, error.message());
        if (!payload) return;
        dispatch(*payload);
    }
    if (ended_) socket_.decoder().discard();
}

void connection_impl::dispatch(base::bytes_view payload)
{
    auto const decoded = protocol::decode_reply(payload);
    if (!decoded) return fail_protocol(decoded.error(), "the server sent something that no server sends");
    std::visit([this](auto const& said) { on(said); }, *decoded);
}

void connection_impl::on(protocol::text const& said)
{
    if (!granted_) return fail_protocol(code::protocol_error, "a text came before access");
    received_.push(message_kind::text, said.body);
    message_arrived_.notify();
}

void connection_impl::on(protocol::data const& said)
{
    if (!granted_) return fail_protocol(code::protocol_error, "data came before access");
    received_.push(message_kind::data, base::as_text(said.body));
    message_arrived_.notify();
}

void connection_impl::on(protocol::ping const& said)
{
    if (!granted_) return;  // a client may not answer before access
    if (++pongs_queued_ > most_pongs) return fail_protocol(code::protocol_error, "pings came and no pong was taken");
    socket_.encoder().compose([&](std::string& out) { protocol::encode(protocol::pong{said.body}, out); });
    output_queued_.notify();
}

void connection_impl::on(protocol::closing const& said)
{
    fail(to_value(said));
}

void connection_impl::on(protocol::welcome const& said)
{
    if (said.version != protocol::version || said.max_frame > largest_max_frame) {
        return fail_protocol(code::protocol_error, "the welcome is not one of this protocol's version");
    }
    server_ = to_value(said);
    resolve(expected::welcome, server_);
    bool const known = server_.access == access::identify && !server_.known_as.empty();
    if (!ended_ && (server_.access == access::open || known)) implied_grant_ = add_request(expected::granted);
}

void connection_impl::on(protocol::granted const& said)
{
    auto given = to_value(said);
    granted_ = given;
    base::wipe(granted_->token);
    socket_.decoder().limit(server_.max_frame + server_overhead);
    resolve(expected::granted, std::move(given));
}

void connection_impl::on(protocol::denied const& said)
{
    auto why = to_value(said);
    bool const about_data = granted_ && sent_data_ && why.code == code::not_supported;
    if (about_data) {
        refused_data_ = std::move(why);
    } else if (pending_.empty()) {
        fail_protocol(code::protocol_error, "the server denied what was not asked");
    } else {
        auto const asked = std::move(pending_.front());
        pending_.pop_front();
        asked->resolve(unexpected(std::move(why)));
    }
}

void connection_impl::on(protocol::done const& said)
{
    resolve(expected::done, said);
}

void connection_impl::on(protocol::sessions const& said)
{
    resolve(expected::sessions, to_value(said));
}

void connection_impl::resolve(expected kind, reply said)
{
    if (pending_.empty() || pending_.front()->expected != kind) {
        return fail_protocol(code::protocol_error, "the server answered what was not asked");
    }
    auto const asked = std::move(pending_.front());
    pending_.pop_front();
    asked->resolve(std::move(said));
}

}  // namespace porter::detail::client
