#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <thread>
#include <utility>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/watch.hpp"

namespace porter::testing {

/// A watch on a thread of its own.
class running_watch {
public:
    explicit running_watch(detail::store::postgres::options const& options,
                           detail::store::postgres::watch::handlers calls = {})
        : watch(options, log, io_.get_executor(), std::move(calls))
    {}
    ~running_watch() { guard_.reset(); }

    recording_log log;

private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
    std::jthread thread_{[this] { io_.run(); }};

public:
    detail::store::postgres::watch watch;
};

/// Options with a server that does not exist: for a watch that is not the subject.
inline detail::store::postgres::options unreachable()
{
    return {.address = detail::store::postgres::address::parse("postgresql:///porter?user=node&host=/nonexistent")};
}

}  // namespace porter::testing
