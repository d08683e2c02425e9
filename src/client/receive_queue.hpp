#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "porter/connection.hpp"

namespace porter::detail::client {

/// The messages that have arrived and were not received yet.
class receive_queue {
public:
    bool empty() const noexcept { return entries_.empty(); }

    /// The memory of the messages, in bytes, with an overhead for each.
    std::size_t size() const noexcept { return size_; }

    void push(message_kind kind, std::string_view body)
    {
        entries_.push_back({kind, std::string{body}});
        size_ += cost(body);
    }

    /// The oldest message, valid until the next pop(). The queue must not be empty.
    message const& pop()
    {
        current_ = std::move(entries_.front());
        entries_.pop_front();
        size_ -= cost(current_.body);
        view_ = {current_.kind, current_.body};
        return view_;
    }

private:
    struct entry {
        message_kind kind = message_kind::text;
        std::string body;
    };

    static std::size_t cost(std::string_view body) noexcept { return sizeof(entry) + body.size(); }

    std::deque<entry> entries_;
    std::size_t size_ = 0;
    entry current_;
    message view_;
};

}  // namespace porter::detail::client
