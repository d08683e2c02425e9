#include "bench/entry.hpp"

#include <variant>

#include "protocol/codec.hpp"

namespace porter::rooms::bench {

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

std::optional<fault> entry::advance(channel& through)
{
    if (state_ == state::connecting) {
        auto const opened = through.open();
        if (opened.what == transfer::outcome::failed || opened.what == transfer::outcome::ended) {
            return system_fault(fault::kind::unreachable, "cannot connect", opened.error);
        }
        if (opened.what == transfer::outcome::last) return std::nullopt;
        state_ = state::asking;
        add(out_, protocol::hello{protocol::version, "porter-bench"});
        // Whether a name is asked for is known from the welcome only: an address that is known has one.
        if (wish_.what != wish::kind::identify) ask();
    }
    if (auto failed = send(through)) return failed;
    if (auto failed = receive(through)) return failed;
    return send(through);
}

void entry::ask()
{
    switch (wish_.what) {
        case wish::kind::identify:
            add(out_, protocol::identify{wish_.name});
            break;
        case wish::kind::register_account:
            add(out_, protocol::register_account{wish_.name, wish_.proof});
            break;
        case wish::kind::login:
            add(out_, protocol::login{wish_.name, wish_.proof});
            break;
        case wish::kind::resume:
            add(out_, protocol::resume{wish_.proof});
            break;
        default:
            break;
    }
}

std::optional<fault> entry::send(channel& through)
{
    if (through.flush().what == transfer::outcome::last) return std::nullopt;
    while (!out_.empty()) {
        auto const sent = through.write(out_.pending());
        if (sent.what == transfer::outcome::failed) {
            return system_fault(fault::kind::unreachable, "the connection broke", sent.error);
        }
        out_.consume(sent.size);
        if (sent.what == transfer::outcome::last) break;
    }
    return std::nullopt;
}

std::optional<fault> entry::receive(channel& through)
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
        if (got.what == transfer::outcome::ended) return broken("the server left before it answered");
        if (got.what == transfer::outcome::failed) {
            return system_fault(fault::kind::unreachable, "the connection broke", got.error);
        }
        more = got.what == transfer::outcome::some;
    }
    return std::nullopt;
}

std::optional<fault> entry::take(base::bytes_view payload)
{
    auto const read = protocol::decode_reply(payload);
    if (!read) return broken("not an answer of this protocol");
    if (auto const* welcome = std::get_if<protocol::welcome>(&*read)) return take_welcome(*welcome);
    if (auto const* granted = std::get_if<protocol::granted>(&*read)) {
        token_ = granted->token;
        state_ = state::granted;
        return std::nullopt;
    }
    if (auto const* denied = std::get_if<protocol::denied>(&*read)) return refusal_fault(denied->what, denied->reason);
    if (auto const* closing = std::get_if<protocol::closing>(&*read)) {
        return refusal_fault(closing->what, closing->reason);
    }
    return broken("an answer that was not asked for");
}

std::optional<fault> entry::take_welcome(protocol::welcome const& welcome)
{
    if (std::exchange(welcomed_, true)) return broken("a second welcome");
    access_ = welcome.access;
    max_frame_ = welcome.max_frame;
    server_ = welcome.server;
    if (wish_.what == wish::kind::look) state_ = state::granted;
    if (wish_.what == wish::kind::identify && welcome.known_as.empty()) ask();
    return std::nullopt;
}

}  // namespace porter::rooms::bench
