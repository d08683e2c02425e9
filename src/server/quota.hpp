#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace porter::rooms::server {

class quota;

/// A place in the house, taken before a byte is read and given back when this ends.
class [[nodiscard]] admission {
public:
    admission(admission&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)), network_(std::move(other.network_))
    {}
    admission& operator=(admission&&) = delete;
    ~admission();

private:
    friend class quota;
    admission(quota& from, std::string network) : quota_(&from), network_(std::move(network)) {}

    quota* quota_;
    std::string network_;
};

/// How many connections there may be: in all, and from one network (identity::address::network). Safe from any
/// thread; outlives its admissions.
class quota {
public:
    /// 0: no limit.
    quota(std::size_t in_all, std::size_t per_network) : in_all_(in_all), per_network_(per_network) {}

    /// A place for a visitor from this network, or none when the house is full.
    std::optional<admission> admit(std::string const& network);

    std::size_t taken() const;

private:
    friend class admission;
    void give_back(std::string const& network) noexcept;

    std::size_t const in_all_;
    std::size_t const per_network_;
    std::mutex mutable mutex_;  // guards what follows
    std::size_t taken_ = 0;
    std::unordered_map<std::string, std::size_t> by_network_;
};

}  // namespace porter::rooms::server
