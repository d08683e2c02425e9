#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "porter/connection.hpp"

namespace porter::rooms::client {

/// The messages that have arrived and wait to be received.
class inbox {
public:
    bool empty() const noexcept { return waiting_.empty(); }

    /// What the waiting messages take, in bytes; an empty one counts, too.
    std::size_t size() const noexcept { return size_; }

    void push(message::kind what, std::string_view body)
    {
        waiting_.push_back({what, std::string{body}});
        size_ += cost(body);
    }

    /// The oldest one; it stays valid until the next pop(). Not when empty.
    message const& pop()
    {
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
        size_ -= cost(current_.body);
        view_ = {current_.what, current_.body};
        return view_;
    }

private:
    struct kept {
        message::kind what = message::kind::text;
        std::string body;
    };

    static std::size_t cost(std::string_view body) noexcept { return sizeof(kept) + body.size(); }

    std::deque<kept> waiting_;
    std::size_t size_ = 0;
    kept current_;
    message view_;
};

}  // namespace porter::rooms::client
