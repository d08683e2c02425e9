#include "programs/porterctl/adopted_hashes.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <thread>
#include <utility>

#include "auth/stored_hash.hpp"
#include "config/option_error.hpp"

namespace porter::programs {

namespace {

constexpr std::size_t most_memory = std::size_t{1} << 30;  // bytes, of all hashes that are computed at a time

/// The next of the accounts, until there is none. For several threads.
class adoption {
public:
    adoption(std::vector<account_line> const& accounts, std::size_t memory, std::uint32_t passes)
        : accounts_(accounts), function_(memory, passes), hashes_(accounts.size())
    {}

    void run() noexcept
    {
        try {
            for (auto i = next_++; i < accounts_.size() && !has_failed_; i = next_++) {
                auto hash = function_.adopt(accounts_[i].hash);
                if (hash) hashes_[i] = std::move(*hash);
                if (!hash) has_failed_ = true;
            }
        } catch (std::bad_alloc const&) {
            has_failed_ = true;
        }
    }

    bool has_failed() const noexcept { return has_failed_; }
    std::vector<std::string> take() { return std::move(hashes_); }

private:
    std::vector<account_line> const& accounts_;
    detail::auth::stored_hash function_;
    std::vector<std::string> hashes_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> has_failed_{false};
};

}  // namespace

std::vector<std::string> adopted_hashes(std::vector<account_line> const& accounts, std::size_t memory,
                                        std::uint32_t passes)
{
    adoption all{accounts, memory, passes};
    auto const affordable = std::max<std::size_t>(most_memory / std::max<std::size_t>(memory, 1), 1);
    auto const count = std::min({std::size_t{std::max(std::thread::hardware_concurrency(), 1U)}, affordable,
                                 std::max<std::size_t>(accounts.size(), 1)});
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < count; ++i) threads.emplace_back([&all] { all.run(); });
    all.run();
    threads.clear();  // joins them
    if (all.has_failed()) {
        throw detail::config::option_error{detail::config::exit_code::temporary_failure,
                                           "not enough memory to hash the imported hashes, so nothing was imported"};
    }
    return all.take();
}

}  // namespace porter::programs
