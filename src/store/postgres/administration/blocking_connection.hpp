#pragma once

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "porter/start_error.hpp"
#include "porter/task.hpp"
#include "store/administration_error.hpp"
#include "store/postgres/connection.hpp"
#include "store/postgres/options.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/servers.hpp"

namespace porter::detail::store::postgres::administration {

/// What the statements of a segment returned, in their order.
using results = std::vector<result_set>;

/// The answer to a change.
struct change_answer {
    administration::results results;
    bool is_repeated = false;  ///< it may have been done by a segment before the one that this is the answer to
};

/// An administrator's connection to the primary: it sends one segment after the other, and each call blocks the thread.
/// A lost connection is made again.
class blocking_connection {
public:
    /// How long it waits for an answer: longer than the server's timeout for a statement.
    static constexpr std::chrono::seconds answer_patience{35};

    /// Connects. Throws start_error: unavailable if no server is a primary that can be reached, or two say that they
    /// are; configuration if a server refused the login.
    explicit blocking_connection(postgres::options options);

    /// Sends a look-up, again if the connection was lost. Throws administration_error.
    results look_up(segment work);

    /// Sends a change, which has no further effect when it is repeated: if the connection was lost, for up to
    /// options.resolve_patience, so that it is known to be committed. Throws administration_error, after which nothing
    /// was changed, unless the message says that this is not known.
    change_answer change(segment work);

    /// The same; none: it was refused because a row with these values exists.
    std::optional<change_answer> change_unless_taken(segment work);

    /// Throws start_error, with the code of schema_error. Throws administration_error.
    schema read_schema(program_role wanted);

    host const& primary() const noexcept { return servers_.last_primary(); }
    /// As PQserverVersion.
    int server_version() const noexcept { return conn_.server_version(); }
    /// The database, for messages.
    std::string display_name() const { return options_.address.text(); }
    postgres::address const& address() const noexcept { return options_.address; }

private:
    friend class transaction;

    template <typename Value>
    Value run(task<Value> work);

    porter::result<void, start_error> connect();
    void connect_again();
    reply send(segment work, std::chrono::seconds patience = answer_patience);
    std::optional<change_answer> send_change(segment const& work, bool may_be_taken);
    [[noreturn]] void fail(reply const& answer) const;

    postgres::options const options_;
    asio::io_context io_{1};
    servers servers_;
    connection conn_;
};

/// A transaction of several segments, for what needs more than one. It is rolled back unless commit() is called.
class transaction {
public:
    /// `begin`: the statement that begins it. Throws administration_error, as every member does.
    explicit transaction(blocking_connection& on, char const* begin = "BEGIN");
    ~transaction();
    transaction(transaction const&) = delete;
    transaction& operator=(transaction const&) = delete;

    results run(segment work);
    /// Like run(), with the error of the statements: none of them was done, and the transaction is over.
    reply attempt(segment work, std::chrono::seconds patience = blocking_connection::answer_patience);
    /// Throws the error of attempt(): unavailable, or io.
    [[noreturn]] void fail(reply const& answer) const { on_.fail(answer); }
    void commit();

private:
    blocking_connection& on_;
    bool is_open_ = true;
};

/// Whether the server rejected what a statement says or the rows that it meets: a retry does not help. False: a lost
/// connection, a server that shuts down, a lock, a full disk and other errors of the moment.
bool is_about_content(server_error const& error) noexcept;

/// Runs `read` on results. Throws administration_error(bad_data) if they are not as it expects.
template <typename Read>
auto read_results(blocking_connection const& from, Read const& read)
{
    try {
        return read();
    } catch (column_error const& problem) {
        throw administration_error{administration_errc::bad_data,
                                   "cannot use " + from.display_name() + ": " + problem.what()};
    }
}

}  // namespace porter::detail::store::postgres::administration
