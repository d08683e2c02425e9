#include "bench/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <variant>

#include "porter/frame.hpp"
#include "protocol/codec.hpp"

namespace porter::detail::bench {

namespace {

/// The fault for a frame that is not the expected echo: the server's reason, if it is a denied or closing.
fault fault_of(base::bytes_view frame)
{
    frame_decoder frames;
    auto const buffer = frames.prepare();
    auto const size = std::min(buffer.size(), frame.size());
    std::memcpy(buffer.data(), frame.data(), size);
    frames.commit(size);
    std::error_code error;
    if (auto const payload = frames.next(error)) {
        auto const reply = protocol::decode_reply(*payload);
        if (reply && std::holds_alternative<protocol::closing>(*reply)) {
            auto const& closing = std::get<protocol::closing>(*reply);
            return denial_fault(closing.code, closing.reason);
        }
        if (reply && std::holds_alternative<protocol::denied>(*reply)) {
            auto const& denied = std::get<protocol::denied>(*reply);
            return denial_fault(denied.code, denied.reason);
        }
    }
    return {fault_kind::protocol, "an echo is not what was sent"};
}

}  // namespace

std::optional<fault> exchange::send(channel& channel, pattern& messages)
{
    if (channel.flush().outcome == transfer::status::blocked) return std::nullopt;
    while (sent_ < allowed_) {
        auto const bytes = messages.bytes(connection_, sent_, sent_bytes_, allowed_ - sent_);
        auto const written = channel.write(bytes);
        if (written.outcome == transfer::status::failed) {
            return system_fault(fault_kind::unreachable, "the connection was lost", written.error);
        }
        auto const passed = sent_bytes_ + written.size;
        sent_ += passed / messages.frame_size();
        sent_bytes_ = passed % messages.frame_size();
        if (written.outcome == transfer::status::blocked) break;
    }
    return std::nullopt;
}

exchange::progress exchange::receive(channel& channel, pattern& messages, std::span<std::byte> buffer)
{
    auto const read = channel.read(buffer);
    progress result;
    switch (read.outcome) {
        case transfer::status::failed:
            result.error = system_fault(fault_kind::unreachable, "the connection was lost", read.error);
            return result;
        case transfer::status::ended:
            result.error = fault{fault_kind::unreachable, "the server ended the connection without a reason"};
            return result;
        case transfer::status::more:
        case transfer::status::blocked:
            break;
    }
    auto const before = replied_;
    result.bytes = read.size;
    result.error = compare(buffer.first(read.size), messages);
    result.replies = replied_ - before;
    result.more = read.outcome == transfer::status::more;
    return result;
}

std::optional<fault> exchange::compare(base::bytes_view received, pattern& messages)
{
    auto const frame = messages.frame_size();
    while (!received.empty()) {
        auto const count = std::min<std::uint64_t>(sent_ - replied_, received.size() / frame + 2);
        if (count == 0) return fault_of(received);
        auto const expected = messages.bytes(connection_, replied_, replied_bytes_, count);
        auto const size = std::min(expected.size(), received.size());
        if (std::memcmp(expected.data(), received.data(), size) != 0) {
            auto const offset =
                std::ranges::mismatch(expected.first(size), received.first(size)).in2 - received.begin();
            auto const offset_in_frame = (replied_bytes_ + static_cast<std::size_t>(offset)) % frame;
            auto const start =
                static_cast<std::size_t>(offset) - std::min(offset_in_frame, static_cast<std::size_t>(offset));
            return fault_of(received.subspan(start));
        }
        auto const passed = replied_bytes_ + size;
        replied_ += passed / frame;
        replied_bytes_ = passed % frame;
        received = received.subspan(size);
    }
    return std::nullopt;
}

}  // namespace porter::detail::bench
