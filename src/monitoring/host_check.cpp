#include "monitoring/host_check.hpp"

#include <asio/ip/address.hpp>
#include <string>

namespace porter::detail::monitoring {
namespace {

std::string without_port(std::string_view host)
{
    if (host.starts_with('[')) return std::string{host.substr(1, host.find(']') - 1)};
    return std::string{host.substr(0, host.find(':'))};
}

}  // namespace

bool is_address_or_localhost(std::string_view host)
{
    auto const name = without_port(host);
    if (host.empty() || name == "localhost") return true;
    asio::error_code failed;
    asio::ip::make_address(name, failed);
    return !failed;
}

}  // namespace porter::detail::monitoring
