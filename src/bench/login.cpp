#include "bench/login.hpp"

#include <variant>

#include "protocol/codec.hpp"

namespace porter::detail::bench {

namespace {

template <typename Message>
void add(frame_encoder& frames, Message const& message)
{
    frames.compose([&](std::string& out) { protocol::encode(message, out); });
}

fault broken(std::string_view how)
{
    return {fault::kind::protocol, std::string{how}};
}

}  // namespace

std::optional<fault> login::advance(channel& through)
{
    if (state_ == state::connecting) {
        auto const opened = through.open();
        if (opened.outcome == transfer::status::failed || opened.outcome == transfer::status::ended) {
            return system_fault(fault::kind::unreachable, "cannot connect", opened.error);
        }
        if (opened.outcome == transfer::status::last) return std::nullopt;
        state_ = state::asking;
        add(out_, protocol::hello{protocol::version, "porter-bench"});
        // Whether a name is asked for is known from the welcome only: an address that is known has one.
        if (request_.what != access_request::kind::identify) send_request();
    }
    if (auto failed = send(through)) return failed;
    if (auto failed = receive(through)) return failed;
    return send(through);
}

void login::send_request()
{
    switch (request_.what) {
        case access_request::kind::identify:
            add(out_, protocol::identify{request_.name});
            break;
        case access_request::kind::register_account:
            add(out_, protocol::register_account{request_.name, request_.secret});
            break;
        case access_request::kind::login:
            add(out_, protocol::login{request_.name, request_.secret});
            break;
        case access_request::kind::resume:
            add(out_, protocol::resume{request_.secret});
            break;
        default:
            break;
    }
}

std::optional<fault> login::send(channel& through)
{
    if (through.flush().outcome == transfer::status::last) return std::nullopt;
    while (!out_.empty()) {
        auto const sent = through.write(out_.pending());
        if (sent.outcome == transfer::status::failed) {
            return system_fault(fault::kind::unreachable, "the connection broke", sent.error);
        }
        out_.consume(sent.size);
        if (sent.outcome == transfer::status::last) break;
    }
    return std::nullopt;
}

std::optional<fault> login::receive(channel& through)
{
    for (auto more = true; more && state_ == state::asking;) {
        auto const got = through.read(in_.prepare());
        in_.commit(got.size);
        std::error_code refused;
        while (auto const payload = in_.next(refused)) {
            if (auto failed = take(*payload)) return failed;
        }
        if (refused) return broken("not an answer of this protocol: " + refused.message());
        if (state_ == state::granted) break;
        if (got.outcome == transfer::status::ended) return broken("the server left before it answered");
        if (got.outcome == transfer::status::failed) {
            return system_fault(fault::kind::unreachable, "the connection broke", got.error);
        }
        more = got.outcome == transfer::status::some;
    }
    return std::nullopt;
}

std::optional<fault> login::take(base::bytes_view payload)
{
    auto const read = protocol::decode_reply(payload);
    if (!read) return broken("not an answer of this protocol");
    if (auto const* welcome = std::get_if<protocol::welcome>(&*read)) return take_welcome(*welcome);
    if (auto const* granted = std::get_if<protocol::granted>(&*read)) {
        token_ = granted->token;
        state_ = state::granted;
        return std::nullopt;
    }
    if (auto const* denied = std::get_if<protocol::denied>(&*read)) return denial_fault(denied->code, denied->reason);
    if (auto const* closing = std::get_if<protocol::closing>(&*read)) {
        return denial_fault(closing->code, closing->reason);
    }
    return broken("an answer that was not asked for");
}

std::optional<fault> login::take_welcome(protocol::welcome const& welcome)
{
    if (std::exchange(welcomed_, true)) return broken("a second welcome");
    access_ = welcome.access;
    max_frame_ = welcome.max_frame;
    server_ = welcome.server;
    if (request_.what == access_request::kind::query) state_ = state::granted;
    if (request_.what == access_request::kind::identify && welcome.known_as.empty()) send_request();
    return std::nullopt;
}

}  // namespace porter::detail::bench
