#include "services/chat.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "services/chat_text.hpp"

namespace porter::detail::services {
namespace {

/// Names in the list that a new member gets: it stays a line that a person reads, and below every limit of a frame.
constexpr std::size_t max_listed = 50;

}  // namespace

/// Removes the member when it is destroyed.
class chat::membership {
public:
    membership(chat& joined, connection& client) : chat_(joined), self_(chat_.join(client)) {}
    ~membership() { chat_.remove(self_); }
    membership(membership const&) = delete;
    membership& operator=(membership const&) = delete;

    void say(std::string_view text) const { chat_.say(*self_, text); }

private:
    chat& chat_;
    members::iterator const self_;
};

task<void> chat::serve(connection& client)
{
    membership const self{*this, client};
    while (auto const text = co_await client.receive_text()) self.say(*text);
}

void chat::stop()
{
    std::lock_guard const lock{mutex_};
    is_stopping_ = true;
}

chat::members::iterator chat::join(connection& client)
{
    std::lock_guard const lock{mutex_};
    auto name = client.name().empty() ? "guest " + std::to_string(++unnamed_) : chat_name(client.name());
    member added{std::move(name), client.outbox()};
    if (names_.size() > names_.count(added.name)) added.outbox.post(list_others(added.name));
    auto& connections = names_[added.name];
    auto const self = members_.insert(members_.end(), std::move(added));
    if (++connections == 1) announce(*self, " has joined");
    return self;
}

void chat::remove(members::iterator which) noexcept
{
    std::lock_guard const lock{mutex_};
    member const left = std::move(*which);
    members_.erase(which);
    auto const name = names_.find(left.name);
    if (--name->second > 0) return;
    names_.erase(name);
    if (!is_stopping_) announce(left, " has left");
}

/// With the mutex locked. Without memory for it, nothing is told: a member joins and is removed all the same.
void chat::announce(member const& about, std::string_view event) const noexcept
{
    try {
        tell_others(about, "* " + about.name + std::string{event});
    } catch (std::bad_alloc const&) {
    }
}

void chat::say(member const& sender, std::string_view text)
{
    auto line = sender.name + ": ";
    append_as_line(line, text);
    std::lock_guard const lock{mutex_};
    tell_others(sender, std::move(line));
}

/// With the mutex locked: so all members receive all lines in the same order.
void chat::tell_others(member const& sender, std::string line) const
{
    auto const shared = std::make_shared<std::string const>(std::move(line));  // one copy for all
    for (auto const& each : members_) {
        if (&each == &sender) continue;
        if (each.outbox.post(shared) != post_result::full) continue;
        each.outbox.close(code::slow_consumer, "too many lines were not read");
    }
}

/// With the mutex locked.
std::string chat::list_others(std::string const& name) const
{
    auto const others = names_.size() - names_.count(name);
    std::string line = "* here: ";
    std::size_t listed = 0;
    for (auto const& [other, connections] : names_) {
        if (other == name) continue;
        if (listed == max_listed) break;
        line.append(listed++ == 0 ? "" : ", ").append(other);
    }
    if (others > listed) line += " and " + std::to_string(others - listed) + " more";
    return line;
}

}  // namespace porter::detail::services
