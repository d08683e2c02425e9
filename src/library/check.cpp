#include "library/check.hpp"

#include <utility>

#include "auth/password_list.hpp"
#include "library/data_dir.hpp"
#include "library/options.hpp"
#include "library/second_factor_key.hpp"
#include "library/storage.hpp"
#include "library/tls_key.hpp"
#include "log/file_logger.hpp"

namespace porter {

namespace detail::library {

check_report check(server_options const& options)
{
    auto const resolved = with_default_paths(checked(options), {});
    check_data_dir(resolved);
    log::file_logger::check(resolved.log_file, resolved.data_dir);
    check_report report;
    report.warnings = check_tls_key(resolved, system_clock{});
    if (!resolved.password_list.empty()) auth::password_list const tried{resolved.password_list};
    auto database = check_storage(resolved);
    check_second_factor_key(resolved);
    for (auto& each : database.warnings) report.warnings.push_back(std::move(each));
    report.database_lines = std::move(database.lines);
    return report;
}

}  // namespace detail::library

std::vector<std::string> check(server_options const& options)
{
    return detail::library::check(options).warnings;
}

}  // namespace porter
