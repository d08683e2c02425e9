#include "bench/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <variant>

#include "porter/frame.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::bench {

namespace {

/// What stands where an echo should: the server's farewell, if it is one.
fault explain(base::bytes_view from_frame)
{
    frame_decoder frames;
    auto const room = frames.prepare();
    auto const size = std::min(room.size(), from_frame.size());
    std::memcpy(room.data(), from_frame.data(), size);
    frames.commit(size);
    std::error_code refused;
    if (auto const payload = frames.next(refused)) {
        auto const read = protocol::decode_reply(*payload);
        if (read && std::holds_alternative<protocol::closing>(*read)) {
            auto const& closing = std::get<protocol::closing>(*read);
            return denial_fault(closing.code, closing.reason);
        }
        if (read && std::holds_alternative<protocol::denied>(*read)) {
            auto const& denied = std::get<protocol::denied>(*read);
            return denial_fault(denied.code, denied.reason);
        }
    }
    return {fault::kind::protocol, "an echo is not what was sent"};
}

}  // namespace

std::optional<fault> exchange::send(channel& through, pattern& messages)
{
    if (through.flush().outcome == transfer::status::last) return std::nullopt;
    while (sent_ < allowed_) {
        auto const bytes = messages.bytes(connection_, sent_, sent_bytes_, allowed_ - sent_);
        auto const done = through.write(bytes);
        if (done.outcome == transfer::status::failed) {
            return system_fault(fault::kind::unreachable, "the connection broke", done.error);
        }
        auto const passed = sent_bytes_ + done.size;
        sent_ += passed / messages.frame_size();
        sent_bytes_ = passed % messages.frame_size();
        if (done.outcome == transfer::status::last) break;
    }
    return std::nullopt;
}

exchange::progress exchange::receive(channel& through, pattern& messages, std::span<std::byte> room)
{
    auto const got = through.read(room);
    progress came;
    switch (got.outcome) {
        case transfer::status::failed:
            came.failed = system_fault(fault::kind::unreachable, "the connection broke", got.error);
            return came;
        case transfer::status::ended:
            came.failed = fault{fault::kind::unreachable, "the server left without a word"};
            return came;
        case transfer::status::some:
        case transfer::status::last:
            break;
    }
    auto const before = replied_;
    came.bytes = got.size;
    came.failed = compare(room.first(got.size), messages);
    came.replies = replied_ - before;
    came.more = got.outcome == transfer::status::some;
    return came;
}

std::optional<fault> exchange::compare(base::bytes_view got, pattern& messages)
{
    auto const frame = messages.frame_size();
    while (!got.empty()) {
        auto const wanted = std::min<std::uint64_t>(sent_ - replied_, got.size() / frame + 2);
        if (wanted == 0) return explain(got);
        auto const expected = messages.bytes(connection_, replied_, replied_bytes_, wanted);
        auto const size = std::min(expected.size(), got.size());
        if (std::memcmp(expected.data(), got.data(), size) != 0) {
            auto const differs = std::ranges::mismatch(expected.first(size), got.first(size)).in2 - got.begin();
            auto const into = (replied_bytes_ + static_cast<std::size_t>(differs)) % frame;
            auto const at = static_cast<std::size_t>(differs) - std::min(into, static_cast<std::size_t>(differs));
            return explain(got.subspan(at));
        }
        auto const passed = replied_bytes_ + size;
        replied_ += passed / frame;
        replied_bytes_ = passed % frame;
        got = got.subspan(size);
    }
    return std::nullopt;
}

}  // namespace porter::detail::bench
