#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/asio.hpp"
#include "base/condition_variable.hpp"
#include "porter/result.hpp"
#include "store/postgres/address.hpp"
#include "store/postgres/open_error.hpp"
#include "store/postgres/request.hpp"

struct pg_conn;

namespace porter::detail::store::postgres {

/// A pipelined connection to one server: requests are sent without waiting for the replies of those before. It can be
/// opened again after it was lost.
///
/// Nothing is ever cancelled on the server: a cancelled commit would no longer wait for the standby, and be reported
/// as done. A connection that does not reply is dropped instead.
///
/// Used on the one thread of its executor. Destroy it when no coroutine of it runs.
class connection {
public:
    using time = std::chrono::steady_clock::time_point;

    /// Takes over the requests of the list: the reply of each is there. It neither throws nor opens this connection.
    using finish_handler = std::function<void(request_list&)>;

    /// `patience`: how long the oldest request may wait for its reply, from when the one before it was finished.
    /// `on_finished`: none resumes the tasks.
    connection(io_executor executor, std::chrono::milliseconds patience, finish_handler on_finished = {});
    ~connection();
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;

    /// Connects, and drops an earlier connection first. Errors: also timed out at `deadline`.
    task<porter::result<void, open_error>> open(connection_parameters parameters, time deadline);

    /// Sends a segment and waits for its reply, on a connection that is open and not in use. Drops the connection at
    /// `deadline`.
    task<reply> exchange(segment work, time deadline);

    /// Lets submit() be called; run() follows at once.
    void begin_use() noexcept { in_use_ = true; }
    /// Reads replies until the connection is lost.
    task<void> run();

    /// Sends the one request of the list, while it is in use.
    void submit(request_list& one) noexcept;

    /// Closes at once. Requests without a reply become `unknown`, unless they had failed already.
    void drop(std::string_view reason) noexcept;

    bool is_open() const noexcept { return handle_ != nullptr; }
    bool is_in_use() const noexcept { return in_use_; }
    std::size_t in_flight() const noexcept { return sent_.size(); }
    /// Why it was dropped.
    std::string const& problem() const noexcept { return problem_; }
    /// As PQserverVersion: 150004 for 15.4. While it is open.
    int server_version() const noexcept;

private:
    using descriptor = asio::posix::basic_stream_descriptor<io_executor>;

    class kept_answer;

    struct closer {
        void operator()(pg_conn* handle) const noexcept;
    };

    task<bool> wait(descriptor::wait_type kind, time deadline);
    task<void> guarded(task<void> part);
    task<void> read_replies();
    task<void> write_output();
    task<void> watch_oldest();

    bool send(request& next);
    bool prepare(statement const& one, request& next);
    void flush();
    bool read_input();
    void take_results();
    void add(result_handle result);
    void confirm_prepared(request& front) noexcept;
    void note_error(request& front, pg_result const& result);
    void finish_front();
    void conclude(request& ended) noexcept;
    void fail_all() noexcept;
    std::string own_error() const;
    void on_notice(pg_result const& notice) noexcept;

    io_executor executor_;
    std::chrono::milliseconds const patience_;
    finish_handler on_finished_;
    std::unique_ptr<pg_conn, closer> handle_;  // none: closed
    descriptor socket_;                        // the socket of handle_, which owns it
    base::condition_variable output_;          // notified when write_output() has work, or at the end
    base::condition_variable oldest_;          // notified at the end
    std::unordered_map<std::string_view, prepared_statement> prepared_;  // by their text
    request_list sent_;
    time oldest_since_{};  // when sent_.front() was sent, or the one before it was finished
    std::string problem_;
    bool in_use_ = false;
    bool is_writing_ = false;   // libpq has output that the socket does not take
    bool is_unusable_ = false;  // to be dropped when its results are taken
};

}  // namespace porter::detail::store::postgres
