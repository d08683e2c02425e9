#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "porter/testing/service_test.hpp"

namespace porter::testing {

/// One call of the service. Its members are guarded by service_test::impl::mutex.
struct service_run {
    bool has_started = false;
    bool has_ended = false;
    std::exception_ptr thrown;
    std::uint64_t connection = 0;  // connection::id()
};

/// The server of a service_test, and what it knows about the calls of its service.
struct service_test::impl {
    impl(service tested, server_options options);

    /// The service with a record of its end, on the thread of its connection.
    task<void> run(std::shared_ptr<service_run> record, connection& client);

    bool has_started(service_run const& record);
    bool has_ended(service_run const& record);

    /// An exception that left a service and was not thrown to the test before; null: none.
    std::exception_ptr take_exception();

    /// Runs the server until the condition holds. False: it took too long, or nothing is left to run.
    bool run_until(std::function<bool()> const& condition);

    /// Runs all that need not wait. False: it does not come to an end.
    bool poll();

    // As service_test documents them.
    void run_ready();
    void wait_until(std::function<bool()> const& condition, std::string_view awaited);

    std::shared_ptr<asio::io_context> io = std::make_shared<asio::io_context>();
    service handler;
    std::chrono::milliseconds limit{10'000};
    std::uint32_t clients = 0;
    int exceptions_in_flight = std::uncaught_exceptions();
    std::mutex mutex;
    std::shared_ptr<service_run> pending;  // of the client that connects
    std::vector<std::shared_ptr<service_run>> runs;
    testing::server server;

private:
    template <typename Change>
    void change(Change const& apply);
    std::shared_ptr<service_run> start_pending(std::uint64_t connection);
    bool is_defect(service_run const& record);
};

}  // namespace porter::testing
