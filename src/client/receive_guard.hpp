#pragma once

#include <stdexcept>

namespace porter::detail::client {

/// Marks that a coroutine receives: a second one would take its messages, which is a defect of the caller.
class receive_guard {
public:
    explicit receive_guard(bool& receiving) : receiving_(receiving)
    {
        if (receiving) throw std::logic_error("porter: a second coroutine receives at the same time");
        receiving = true;
    }
    ~receive_guard() { receiving_ = false; }
    receive_guard(receive_guard const&) = delete;
    receive_guard& operator=(receive_guard const&) = delete;

private:
    bool& receiving_;
};

}  // namespace porter::detail::client
