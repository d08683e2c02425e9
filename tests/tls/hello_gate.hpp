#pragma once

#include <openssl/ssl.h>

#include <condition_variable>
#include <functional>
#include <mutex>

#include "tls/context.hpp"

namespace porter::testing {

/// Blocks a server while it processes a ClientHello, until open() is called.
class hello_gate {
public:
    /// The destructor opens the gate; `context` must not receive a ClientHello afterwards.
    explicit hello_gate(detail::tls::server_context const& context)
    {
        SSL_CTX_set_client_hello_cb(context.native(), pass, this);
    }
    ~hello_gate()
    {
        open();
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return inside_ == 0; });
    }
    hello_gate(hello_gate const&) = delete;
    hello_gate& operator=(hello_gate const&) = delete;

    /// Called by each thread before it waits.
    std::function<void()> on_arrival = [] {};

    void open()
    {
        std::lock_guard const lock{mutex_};
        is_open_ = true;
        changed_.notify_all();
    }

    /// Waits until `count` threads have arrived.
    void wait_for(int count)
    {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return arrivals_ >= count; });
    }

    int arrivals()
    {
        std::lock_guard const lock{mutex_};
        return arrivals_;
    }

private:
    static int pass(SSL*, int*, void* self)
    {
        auto& gate = *static_cast<hello_gate*>(self);
        gate.on_arrival();
        std::unique_lock lock{gate.mutex_};
        ++gate.arrivals_;
        gate.changed_.notify_all();
        ++gate.inside_;
        gate.changed_.wait(lock, [&] { return gate.is_open_; });
        --gate.inside_;
        gate.changed_.notify_all();
        return SSL_CLIENT_HELLO_SUCCESS;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    int arrivals_ = 0;
    int inside_ = 0;
    bool is_open_ = false;
};

}  // namespace porter::testing
