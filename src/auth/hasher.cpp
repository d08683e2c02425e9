#include "auth/hasher.hpp"

#include <algorithm>
#include <asio/associated_cancellation_slot.hpp>
#include <new>
#include <utility>

#include "auth/stored_hash.hpp"
#include "auth/strength.hpp"
#include "base/asio.hpp"
#include "base/suspended_task.hpp"
#include "base/thread.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::auth {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int niceness = 10;  // I/O threads take precedence

constexpr std::string_view out_of_memory = "out of memory";

std::size_t threads_for(std::size_t count)
{
    if (count > 0) return count;
    return std::max(std::thread::hardware_concurrency(), 2U) - 1;
}

/// The time of a hash. Throws start_error when there is no memory for one.
nanoseconds measure(hash_function& function)
{
    auto const start = steady_clock::now();
    auto const text = function.make("of any password");
    if (!text) throw start_error(start_errc::configuration, "not enough memory for one password hash");
    return steady_clock::now() - start;
}

/// A job of a suspended task: refers to objects in the task's frame, which lives until the task has resumed.
template <typename Work>
class suspended_job final : public hash_job {
public:
    using value = std::invoke_result_t<Work&, hash_function&>;

    suspended_job(ticket number, Work& work, identity::address const& from, auth::source origin,
                  io_executor const& executor)
        : hash_job(number, from, origin), work_(work), task_(executor)
    {}

    void suspend(base::resume_handler<value> handler) noexcept { task_.suspend(std::move(handler)); }

    void run(hash_function& function) override { task_.resume(work_(function)); }
    void reject(error denial) noexcept override { task_.resume(porter::unexpected(std::move(denial))); }

private:
    Work& work_;
    base::suspended_task<value> task_;
};

}  // namespace

seconds waiting_time(std::size_t jobs, std::size_t threads, nanoseconds per_job) noexcept
{
    auto const divisor = std::max<std::size_t>(threads, 1);
    auto const rounds = (jobs + divisor - 1) / divisor;
    auto const all = per_job * static_cast<nanoseconds::rep>(rounds);
    return std::max(std::chrono::ceil<seconds>(all), seconds{1});
}

hasher::hasher(hash_options options, log::logger& log)
    : hasher(options, std::make_unique<stored_hash>(options.memory, options.ops), log)
{}

hasher::hasher(hash_options options, std::unique_ptr<hash_function> function, log::logger& log)
    : log_(log), function_(std::move(function)), queue_(options.queue_limit)
{
    if (!options.password_list.empty()) list_.publish(password_list{std::move(options.password_list)});
    time_per_hash_ = measure(*function_).count();
    try {
        for (auto left = threads_for(options.threads); left > 0; --left) threads_.emplace_back([this] { run(); });
    } catch (std::system_error const& error) {
        stop();
        throw start_error(start_errc::configuration, std::string("cannot start the hash threads: ") + error.what());
    }
}

hasher::~hasher()
{
    stop();
}

void hasher::set_password_list(std::optional<password_list> next)
{
    list_fails_ = false;
    list_.publish(std::move(next));
}

void hasher::stop()
{
    auto const waiting = queue_.close();
    for (auto const& job : waiting) job->reject(busy("the server stops"));
    for (auto& thread : threads_) thread.join();
}

task<result<std::string>> hasher::hash(base::secret password, identity::address from, source origin)
{
    auto work = [this, &password](hash_function& function) -> result<std::string> {
        auto text = function.make(password.view());
        if (!text) return unexpected(busy("not enough memory to hash a password"));
        return std::move(*text);
    };
    auto outcome = co_await submit(work, from, origin);
    co_return outcome;
}

task<result<std::string>> hasher::hash_new(base::secret password, std::string name, identity::address from,
                                           source origin)
{
    auto work = [this, &password, &name](hash_function& function) -> result<std::string> {
        if (auto weak = check_strength(password, name)) {
            return unexpected(error{code::weak_password, std::move(*weak)});
        }
        auto text = function.make(password.view());
        if (!text) return unexpected(busy("not enough memory to hash a password"));
        return std::move(*text);
    };
    auto outcome = co_await submit(work, from, origin);
    co_return outcome;
}

task<result<bool>> hasher::verify(std::optional<std::string> stored, std::vector<base::hash_cost> in_use,
                                  base::secret password, identity::address from, source origin)
{
    auto work = [this, &stored, &in_use, &password](hash_function& function) -> result<bool> {
        auto const covered = cover(function.cost(), in_use);
        if (!covered.is_whole && !logged_uncovered_.exchange(true)) log_uncovered(covered);
        auto const checked = check_password(function, stored, covered.costs, password.view());
        if (checked == check_result::failed) return unexpected(busy("not enough memory to check a password"));
        if (checked == check_result::unreadable) log_.error("password_hash_unreadable");
        return checked == check_result::match;
    };
    auto outcome = co_await submit(work, from, origin);
    co_return outcome;
}

task<result<std::optional<std::string>>> hasher::weakness(base::secret password, std::string name,
                                                          identity::address from, source origin)
{
    auto work = [this, &password, &name](hash_function&) -> result<std::optional<std::string>> {
        return check_strength(password, name);
    };
    auto outcome = co_await submit(work, from, origin);
    co_return outcome;
}

template <typename Work>
auto hasher::submit(Work& work, identity::address const& from, source origin)
    -> task<std::invoke_result_t<Work&, hash_function&>>
{
    using value = std::invoke_result_t<Work&, hash_function&>;
    // A cancellation before this point would not withdraw the job.
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return porter::unexpected(busy("the connection ends"));
    auto executor = co_await asio::this_coro::executor;
    auto const number = ++last_ticket_;
    auto job = std::make_unique<suspended_job<Work>>(number, work, from, origin, executor);
    auto initiate = [this, number, &job](base::resume_handler<value> handler) {
        // Cancellation runs on the task's own thread, like this; withdraw() ignores a job that is not queued any more.
        auto slot = asio::get_associated_cancellation_slot(handler);
        job->suspend(std::move(handler));
        try {
            if (slot.is_connected()) slot.assign([this, number](asio::cancellation_type) { withdraw(number); });
            enqueue(std::move(job));
        } catch (std::bad_alloc const&) {  // Asio calls this from a function that is noexcept
            job->reject(busy(out_of_memory));
        }
    };
    auto operation = base::suspend<value>(initiate);
    co_return co_await std::move(operation);
}

std::optional<std::string> hasher::check_strength(base::secret const& password, std::string const& name)
{
    if (auto weak = strength_error(password, name)) return weak;
    auto const& list = *list_;
    if (list && is_listed(*list, password)) return std::string{listed_password};
    return std::nullopt;
}

bool hasher::is_listed(password_list const& list, base::secret const& password)
{
    auto const found = list.contains(password);
    bool const did_fail = list_fails_.exchange(!found);
    if (!found && !did_fail) log_.error("password_list_failed", {{"why", found.error()}});
    if (found && did_fail) log_.info("password_list_works");
    return found && *found;
}

void hasher::log_uncovered(cost_cover const& covered)
{
    auto const& cheapest = covered.costs.back();
    log_.warn("hash_costs_uncovered",
              {{"covered", covered.costs.size()}, {"memory_kib", cheapest.memory_kib}, {"passes", cheapest.passes}});
}

void hasher::enqueue(std::unique_ptr<hash_job>&& job)
{
    auto const surplus = queue_.push(std::move(job));
    if (!surplus) return;
    statistics_.rejected.add();
    surplus->reject(busy("too many password checks are waiting"));
}

void hasher::withdraw(hash_job::ticket number)
{
    auto const abandoned = queue_.withdraw(number);
    if (abandoned) abandoned->reject(busy("the connection ends"));
}

/// Without memory for the reason, the error has none.
error hasher::busy(std::string_view reason) const noexcept
{
    auto const per_hash = nanoseconds{time_per_hash_.load(std::memory_order_relaxed)};
    error denial{code::busy, {}, waiting_time(queue_.size() + 1, threads_.size(), per_hash)};
    try {
        denial.reason = reason;
    } catch (std::bad_alloc const&) {
    }
    return denial;
}

void hasher::run()
{
    base::lower_thread_priority("porter-hash", niceness);
    while (auto job = queue_.pop()) {
        auto const start = steady_clock::now();
        statistics_.waiting.observe(start - job->made_at());
        try {
            job->run(*function_);
        } catch (std::bad_alloc const&) {
            job->reject(busy(out_of_memory));
        }
        auto const length = std::chrono::duration_cast<nanoseconds>(steady_clock::now() - start);
        statistics_.working.observe(length);
        auto const took = length.count();
        // A lost update by another thread does not matter to an average.
        auto const average = time_per_hash_.load(std::memory_order_relaxed);
        time_per_hash_.store(average + (took - average) / 8, std::memory_order_relaxed);
    }
}

}  // namespace porter::detail::auth
