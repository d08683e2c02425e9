#include "programs/porterd/service_state.hpp"

#include <asio/co_spawn.hpp>
#include <exception>
#include <new>
#include <utility>

#include "base/file.hpp"

namespace porter::programs {

namespace service_manager = detail::service_manager;

service_state::service_state(asio::io_context& io, service_manager::notifier to, std::chrono::microseconds time)
    : io_(io), notifier_(std::move(to)), period_(time / 2), timer_(io.get_executor())
{}

void service_state::ready(server& running)
{
    server_ = &running;
    send(service_manager::ready(status()));
    if (period_.count() == 0 || !notifier_.is_used()) return;
    asio::co_spawn(io_, feed_watchdog(), [this](std::exception_ptr escaped) {
        if (escaped) server_->log().error("defect", {{"what", "the watchdog is not fed any more"}});
    });
}

void service_state::reloading()
{
    send(service_manager::reloading("Reading the configuration again"));
}

void service_state::reloaded()
{
    send(service_manager::ready(status()));
}

void service_state::stopping()
{
    is_stopping_ = true;
    timer_.cancel();
    send(service_manager::stopping("Closing the connections"));
}

task<void> service_state::feed_watchdog()
{
    while (!is_stopping_) {
        auto const answered = co_await has_answered();
        if (answered && !is_stopping_) send(service_manager::alive(status()));
        if (is_stopping_) break;
        timer_.expires_after(period_);
        co_await detail::base::wait_for_expiry(timer_);  // or cancelled by stopping()
    }
}

/// Suspends as long as a thread or the store does not answer.
task<bool> service_state::has_answered()
{
    try {
        co_await server_->probe();
        co_return true;
    } catch (std::bad_alloc const&) {  // there may be memory at the next one
        co_return false;
    }
}

void service_state::send(std::string const& state)
{
    int const error = notifier_.send(state);
    bool const is_news = error != 0 && !has_failed_;
    has_failed_ = error != 0;
    if (is_news && server_ != nullptr) {
        server_->log().warn("service_manager_unreachable", {{"why", detail::base::system_message(error)}});
    }
}

std::string service_state::status() const
{
    return "Serving " + std::to_string(server_->connection_count()) + " connections";
}

}  // namespace porter::programs
