#include "store/postgres/connection.hpp"

#include <libpq-fe.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "base/awaitable_operators.hpp"

namespace porter::detail::store::postgres {

namespace {

using namespace base::awaitable_operators;
using std::chrono::steady_clock;

constexpr std::string_view no_memory = "out of memory";

/// libpq's messages have several lines and end with a line feed.
std::string one_line(char const* message)
{
    std::string line = message ? message : "";
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
    std::replace(line.begin(), line.end(), '\n', ' ');
    std::replace(line.begin(), line.end(), '\t', ' ');
    return line;
}

unexpected<open_error> failed(std::string_view problem)
{
    return unexpected(open_error{.text = std::string{problem}});
}

char const* field(pg_result const& result, int code) noexcept
{
    auto const* const text = PQresultErrorField(&result, code);
    return text ? text : "";
}

}  // namespace

void connection::closer::operator()(pg_conn* handle) const noexcept
{
    PQfinish(handle);
}

connection::connection(io_executor executor, std::chrono::milliseconds patience, finish_handler on_finished)
    : executor_(executor),
      patience_(patience),
      on_finished_(std::move(on_finished)),
      socket_(executor),
      output_(executor),
      oldest_(executor)
{
    if (!on_finished_) {
        on_finished_ = [](request_list& finished) {
            for (auto& each : finished) each.resume();
            finished.clear();
        };
    }
}

connection::~connection()
{
    drop("closed");
}

int connection::server_version() const noexcept
{
    return PQserverVersion(handle_.get());
}

std::string connection::own_error() const
{
    return one_line(PQerrorMessage(handle_.get()));
}

task<bool> connection::wait(descriptor::wait_type kind, time deadline)
{
    // libpq may close its socket and open another one between two waits, so it is registered for one wait only.
    asio::error_code failed;
    socket_.assign(PQsocket(handle_.get()), failed);
    if (failed) co_return false;
    base::steady_timer alarm{executor_, deadline};
    auto const first = co_await (socket_.async_wait(kind, base::use_tuple) || alarm.async_wait(base::use_tuple));
    if (socket_.is_open()) socket_.release();
    co_return first.index() == 0;
}

task<porter::result<void, open_error>> connection::open(connection_parameters parameters, time deadline)
{
    drop("opened again");
    problem_.clear();
    std::vector<char const*> keywords;
    std::vector<char const*> values;
    for (auto const& [keyword, value] : parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    handle_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!handle_) co_return failed(no_memory);
    PQsetErrorVerbosity(handle_.get(), PQERRORS_VERBOSE);  // with the SQLSTATE, which libpq reports in no other way
    PQsetNoticeReceiver(
        handle_.get(), [](void* self, PGresult const* notice) { static_cast<connection*>(self)->on_notice(*notice); },
        this);

    auto state = PGRES_POLLING_WRITING;
    while (PQstatus(handle_.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        auto const kind = state == PGRES_POLLING_READING ? descriptor::wait_read : descriptor::wait_write;
        auto const is_ready = co_await wait(kind, deadline);
        if (!handle_) co_return failed(problem_);
        if (!is_ready) {
            drop("no answer in time");
            co_return failed(problem_);
        }
        state = PQconnectPoll(handle_.get());
        if (state == PGRES_POLLING_FAILED) break;
    }
    if (state != PGRES_POLLING_OK || PQsetnonblocking(handle_.get(), 1) != 0 ||
        PQenterPipelineMode(handle_.get()) != 1) {
        auto error = open_error_of(PQerrorMessage(handle_.get()));
        drop(error.text);
        co_return unexpected(std::move(error));
    }
    PQsetErrorVerbosity(handle_.get(), PQERRORS_DEFAULT);
    co_return porter::result<void, open_error>{};
}

/// Stores the next reply, until it is destroyed. Without one it drops the connection: the request would outlive it.
class connection::kept_answer {
public:
    kept_answer(connection& owner, std::optional<reply>& answer) : owner_(owner), answer_(answer)
    {
        auto keep = [&answer](request_list& finished) {
            answer.emplace(std::move(finished.front().answer));
            finished.clear();
        };
        usual_ = std::exchange(owner_.on_finished_, std::move(keep));
    }
    kept_answer(kept_answer const&) = delete;
    kept_answer& operator=(kept_answer const&) = delete;
    ~kept_answer()
    {
        if (!answer_) owner_.drop(no_memory);
        owner_.on_finished_ = std::move(usual_);
    }

private:
    connection& owner_;
    std::optional<reply>& answer_;
    finish_handler usual_;
};

task<reply> connection::exchange(segment work, time deadline)
{
    std::optional<reply> answer;
    request_list one;
    one.emplace_back(std::move(work), executor_, deadline);
    kept_answer const guard{*this, answer};
    submit(one);
    while (!answer) {
        auto const kind = is_writing_ ? descriptor::wait_write : descriptor::wait_read;
        auto const is_ready = co_await wait(kind, deadline);
        if (answer) break;
        if (!is_ready) {
            drop("no answer in time");
            break;
        }
        if (std::exchange(is_writing_, false)) flush();
        if (handle_ && !read_input()) drop(own_error());
    }
    co_return std::move(*answer);
}

task<void> connection::run()
{
    asio::error_code failed;
    if (handle_) socket_.assign(PQsocket(handle_.get()), failed);
    if (failed) drop(failed.message());
    co_await (guarded(read_replies()) && guarded(write_output()) && guarded(watch_oldest()));
}

task<void> connection::guarded(task<void> part)
{
    try {
        co_await std::move(part);
    } catch (std::bad_alloc const&) {
        drop(no_memory);
    }
}

task<void> connection::read_replies()
{
    while (handle_) {
        auto const [failed] = co_await socket_.async_wait(descriptor::wait_read, base::use_tuple);
        if (!handle_) co_return;
        if (failed) {
            drop(failed.message());
        } else if (!read_input()) {
            drop(own_error());
        }
    }
}

task<void> connection::write_output()
{
    while (handle_) {
        if (!is_writing_) {
            co_await output_.wait();
            continue;
        }
        auto const [failed] = co_await socket_.async_wait(descriptor::wait_write, base::use_tuple);
        if (!handle_) co_return;
        is_writing_ = false;
        if (failed) {
            drop(failed.message());
        } else {
            flush();
        }
    }
}

task<void> connection::watch_oldest()
{
    while (handle_) {
        auto const now = steady_clock::now();
        // A request that is sent after this becomes overdue later than that.
        auto const overdue = (sent_.empty() ? now : oldest_since_) + patience_;
        if (now >= overdue) {
            drop("no answer in time");
            co_return;
        }
        co_await oldest_.wait_until(overdue);
    }
}

void connection::submit(request_list& one) noexcept
{
    if (sent_.empty()) oldest_since_ = steady_clock::now();
    sent_.splice(sent_.end(), one, one.begin());
    auto& next = sent_.back();
    next.answer.error = {};
    next.answer.results.clear();
    next.unconfirmed.clear();
    next.confirmed = 0;
    next.is_in_doubt = false;
    ++next.attempts;
    try {
        if (!handle_) {
            fail_all();
        } else if (!send(next)) {
            drop(own_error());
        } else {
            flush();
        }
    } catch (std::bad_alloc const&) {
        drop(no_memory);
    }
}

bool connection::send(request& next)
{
    // Statements are prepared first, so that one of them that fails leaves no other unprepared.
    for (auto const& one : next.work().statements()) {
        if (!prepare(one, next)) return false;
    }
    std::vector<char const*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (auto const& one : next.work().statements()) {
        values.clear();
        lengths.clear();
        for (auto const& value : one.parameters) {
            values.push_back(value.is_null() ? nullptr : value.bytes().data());
            lengths.push_back(static_cast<int>(value.bytes().size()));
        }
        formats.assign(values.size(), 1);
        auto const& name = prepared_.at(one.sql).name;
        if (PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(values.size()), values.data(),
                                lengths.data(), formats.data(), 1) != 1) {
            return false;
        }
    }
    return PQpipelineSync(handle_.get()) == 1;
}

bool connection::prepare(statement const& one, request& next)
{
    auto& known = prepared_[one.sql];
    if (known.is_sent) return true;
    if (known.name.empty()) known.name = "porter_" + std::to_string(prepared_.size());
    std::vector<Oid> types;
    for (auto const& value : one.parameters) types.push_back(static_cast<Oid>(value.type()));
    next.unconfirmed.push_back(&known);
    known.is_sent = true;
    return PQsendPrepare(handle_.get(), known.name.c_str(), one.sql, static_cast<int>(types.size()), types.data()) == 1;
}

void connection::flush()
{
    if (is_writing_) return;
    auto const left = PQflush(handle_.get());
    if (left < 0) {
        drop(own_error());
    } else if (left > 0) {
        is_writing_ = true;
        output_.notify();
    }
}

bool connection::read_input()
{
    auto* const tls = static_cast<SSL*>(PQsslStruct(handle_.get(), "OpenSSL"));
    bool is_alive = true;
    try {
        do {
            is_alive = PQconsumeInput(handle_.get()) == 1;
            take_results();
            // Decrypted data that libpq has not taken do not make the socket readable.
        } while (handle_ && is_alive && tls && SSL_pending(tls) > 0);
        if (handle_ && is_alive && PQstatus(handle_.get()) == CONNECTION_BAD) is_alive = false;
        if (handle_ && is_unusable_) drop(problem_);
    } catch (std::bad_alloc const&) {
        drop(no_memory);
    }
    return !handle_ || is_alive;
}

void connection::take_results()
{
    // libpq returns none after the last result of a statement, and whenever nothing is there.
    constexpr int most_in_a_row = 3;
    for (int none = 0; handle_ && !sent_.empty() && none < most_in_a_row && PQisBusy(handle_.get()) == 0;) {
        result_handle found{PQgetResult(handle_.get())};
        none = found ? 0 : none + 1;
        if (found) add(std::move(found));
    }
}

void connection::add(result_handle found)
{
    auto& front = sent_.front();
    switch (PQresultStatus(found.get())) {
        case PGRES_PIPELINE_SYNC:
            finish_front();
            return;
        case PGRES_PIPELINE_ABORTED:
            return;
        case PGRES_COMMAND_OK:
            if (front.confirmed < front.unconfirmed.size()) {
                ++front.confirmed;
                return;
            }
            break;
        case PGRES_TUPLES_OK:
            break;
        default:
            note_error(front, *found);
            return;
    }
    front.answer.results.emplace_back(std::move(found));
}

void connection::note_error(request& front, pg_result const& failed)
{
    auto& error = front.answer.error;
    if (error.severity != server_error::severity_type::none) return;
    error.code = field(failed, PG_DIAG_SQLSTATE);
    error.message = one_line(field(failed, PG_DIAG_MESSAGE_PRIMARY));
    if (error.code.empty()) {
        error.severity = server_error::severity_type::lost;  // libpq's own
        error.message = one_line(PQresultErrorMessage(&failed));
    } else if (field(failed, PG_DIAG_SEVERITY_NONLOCALIZED) == std::string_view{"ERROR"}) {
        error.severity = server_error::severity_type::error;
    } else {
        error.severity = server_error::severity_type::fatal;
    }
    if (ends_connection(error)) {
        is_unusable_ = true;
        in_use_ = false;  // what is repeated must not come back here
        problem_ = error.message;
    }
}

void connection::confirm_prepared(request& front) noexcept
{
    // What was not confirmed is prepared again by its next use. Segments on the way that rely on it are repeated.
    for (auto i = front.confirmed; i < front.unconfirmed.size(); ++i) front.unconfirmed[i]->is_sent = false;
    front.unconfirmed.clear();
}

void connection::finish_front()
{
    request_list finished;
    finished.splice(finished.end(), sent_, sent_.begin());
    oldest_since_ = steady_clock::now();
    auto& front = finished.front();
    confirm_prepared(front);
    front.answer.outcome = outcome_of(front.answer.error);
    if (front.answer.outcome == outcome::done && front.is_in_doubt) {
        front.answer.outcome = outcome::unknown;
        front.answer.error.message = "the server did not wait for the standby";
    }
    conclude(front);
    on_finished_(finished);
}

void connection::conclude(request& ended) noexcept
{
    if (ended.answer.outcome != outcome::done) ended.answer.results.clear();
}

void connection::fail_all() noexcept
{
    request_list finished;
    finished.swap(sent_);
    for (auto& each : finished) {
        each.unconfirmed.clear();
        auto& error = each.answer.error;
        // A statement that had failed ended the transaction.
        if (error.severity == server_error::severity_type::none) {
            error.severity = server_error::severity_type::lost;
            try {
                error.message = problem_;
            } catch (std::bad_alloc const&) {
                error.message.clear();
            }
        }
        each.answer.outcome = outcome_of(error);
        conclude(each);
    }
    if (!finished.empty()) on_finished_(finished);
}

void connection::drop(std::string_view reason) noexcept
{
    if (!handle_) return;
    try {
        problem_ = std::string{reason};
    } catch (std::bad_alloc const&) {
        problem_.clear();
    }
    in_use_ = false;
    is_writing_ = false;
    is_unusable_ = false;
    if (socket_.is_open()) socket_.release();
    handle_.reset();
    prepared_.clear();
    output_.notify();
    oldest_.notify();
    fail_all();
}

void connection::on_notice(pg_result const& notice) noexcept
{
    if (sent_.empty()) return;
    auto& front = sent_.front();
    // libpq reports it before the result of the last statement is taken.
    bool const may_be_committing = front.answer.results.size() + 1 >= front.work().statements().size();
    if (may_be_committing && puts_commit_in_doubt(field(notice, PG_DIAG_SQLSTATE))) front.is_in_doubt = true;
}

}  // namespace porter::detail::store::postgres
