#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "support/server_fixture.hpp"

namespace porter::testing {

/// The outboxes of a server's connections.
class outbox_hub {
public:
    /// A service that adds the outbox of its connection, and then only receives. The hub outlives it.
    service handler()
    {
        return [this](connection& client) -> task<void> {
            add(client.outbox());
            while (auto messages = co_await client.receive_some()) continue;
        };
    }

    void add(outbox box)
    {
        std::lock_guard const lock{mutex_};
        boxes_.push_back(std::move(box));
    }

    std::vector<outbox> boxes() const
    {
        std::lock_guard const lock{mutex_};
        return boxes_;
    }

    /// Waits until this many connections have added theirs.
    task<std::vector<outbox>> wait_for(std::size_t count) const
    {
        while (boxes().size() < count) co_await yield();
        co_return boxes();
    }

private:
    mutable std::mutex mutex_;
    std::vector<outbox> boxes_;
};

/// A server that grants access without a request, whose service only receives.
class outbox_fixture {
public:
    explicit outbox_fixture(std::size_t max_outbox = detail::server::options{}.max_outbox, std::size_t threads = 1)
        : server(options_with(max_outbox), hub.handler(), threads)
    {}

    /// Runs a test, a function that takes a client and the outbox of its connection and returns a task<void>, to its
    /// end.
    template <typename Test>
    void run(Test test)
    {
        server.run([&]() -> task<void> {
            auto client = co_await server.admitted();
            auto const boxes = co_await hub.wait_for(1);
            co_await test(client, boxes[0]);
        });
    }

    outbox_hub hub;
    server_fixture server;

private:
    static detail::server::options options_with(std::size_t max_outbox)
    {
        auto options = open_access();
        options.max_outbox = max_outbox;
        return options;
    }
};

}  // namespace porter::testing
