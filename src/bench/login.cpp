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

fault protocol_fault(std::string_view reason)
{
    return {fault_kind::protocol, std::string{reason}};
}

}  // namespace

std::optional<fault> login::advance(channel& channel)
{
    if (state_ == state::connecting) {
        auto const opened = channel.open();
        if (opened.outcome == transfer::status::failed || opened.outcome == transfer::status::ended) {
            return system_fault(fault_kind::unreachable, "cannot connect", opened.error);
        }
        if (opened.outcome == transfer::status::blocked) return std::nullopt;
        state_ = state::requesting;
        add(out_, protocol::hello{protocol::version, "porter-bench"});
        // Only the welcome tells whether the server needs a name: a known address has one.
        if (request_.kind != request_kind::identify) send_request();
    }
    if (auto error = send(channel)) return error;
    if (auto error = receive(channel)) return error;
    return send(channel);
}

void login::send_request()
{
    switch (request_.kind) {
        case request_kind::identify:
            add(out_, protocol::identify{request_.name});
            break;
        case request_kind::register_account:
            add(out_, protocol::register_account{request_.name, request_.secret});
            break;
        case request_kind::login:
            add(out_, protocol::login{request_.name, request_.secret});
            break;
        case request_kind::resume:
            add(out_, protocol::resume{request_.secret});
            break;
        default:
            break;
    }
}

std::optional<fault> login::send(channel& channel)
{
    if (channel.flush().outcome == transfer::status::blocked) return std::nullopt;
    while (!out_.empty()) {
        auto const sent = channel.write(out_.pending());
        if (sent.outcome == transfer::status::failed) {
            return system_fault(fault_kind::unreachable, "the connection was lost", sent.error);
        }
        out_.consume(sent.size);
        if (sent.outcome == transfer::status::blocked) break;
    }
    return std::nullopt;
}

std::optional<fault> login::receive(channel& channel)
{
    for (auto more = true; more && state_ == state::requesting;) {
        auto const received = channel.read(in_.prepare());
        in_.commit(received.size);
        std::error_code frame_error;
        while (auto const payload = in_.next(frame_error)) {
            if (auto error = on_message(*payload)) return error;
        }
        if (frame_error) return protocol_fault("not an answer of this protocol: " + frame_error.message());
        if (state_ == state::granted) break;
        if (received.outcome == transfer::status::ended)
            return protocol_fault("the server ended the connection before it answered");
        if (received.outcome == transfer::status::failed) {
            return system_fault(fault_kind::unreachable, "the connection was lost", received.error);
        }
        more = received.outcome == transfer::status::more;
    }
    return std::nullopt;
}

std::optional<fault> login::on_message(base::bytes_view payload)
{
    auto const reply = protocol::decode_reply(payload);
    if (!reply) return protocol_fault("not an answer of this protocol");
    if (auto const* welcome = std::get_if<protocol::welcome>(&*reply)) return on_welcome(*welcome);
    if (auto const* granted = std::get_if<protocol::granted>(&*reply)) {
        token_ = granted->token;
        state_ = state::granted;
        return std::nullopt;
    }
    if (auto const* denied = std::get_if<protocol::denied>(&*reply)) return denial_fault(denied->code, denied->reason);
    if (auto const* closing = std::get_if<protocol::closing>(&*reply)) {
        return denial_fault(closing->code, closing->reason);
    }
    return protocol_fault("an unexpected answer");
}

std::optional<fault> login::on_welcome(protocol::welcome const& welcome)
{
    if (std::exchange(welcomed_, true)) return protocol_fault("a second welcome");
    access_ = welcome.access;
    max_frame_ = welcome.max_frame;
    server_ = welcome.server;
    if (request_.kind == request_kind::query) state_ = state::granted;
    if (request_.kind == request_kind::identify && welcome.known_as.empty()) send_request();
    return std::nullopt;
}

}  // namespace porter::detail::bench
