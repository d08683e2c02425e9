#include "programs/porter/pending_lines.hpp"

#include <utility>

namespace porter::programs {

namespace {

constexpr std::size_t max_kept_lines = 1000;
constexpr std::size_t max_kept_size = 1024 * 1024;
constexpr std::chrono::minutes arrival_limit{1};  // after which the library ends a connection that acknowledges nothing

}  // namespace

bool pending_lines::keep(std::string line)
{
    if (kept_.size() >= max_kept_lines || kept_size_ + line.size() > max_kept_size) return false;
    kept_size_ += line.size();
    kept_.push_back(std::move(line));
    return true;
}

std::vector<std::string> pending_lines::take()
{
    kept_size_ = 0;
    return std::exchange(kept_, {});
}

void pending_lines::on_sent(time_point now)
{
    forget_arrived(now);
    unanswered_.push_back(now);
}

void pending_lines::on_received()
{
    if (!unanswered_.empty()) unanswered_.pop_front();
}

std::size_t pending_lines::on_lost(time_point now)
{
    forget_arrived(now);
    return std::exchange(unanswered_, {}).size();
}

void pending_lines::forget_arrived(time_point now)
{
    while (!unanswered_.empty() && now - unanswered_.front() > arrival_limit) unanswered_.pop_front();
}

}  // namespace porter::programs
