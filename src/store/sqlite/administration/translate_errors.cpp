#include "store/sqlite/administration/translate_errors.hpp"

namespace porter::detail::store::sqlite::administration {

administration_error translated(std::filesystem::path const& file, error const& problem)
{
    if (problem.is_busy()) {
        return {administration_errc::unavailable, file.string() + " is locked by another program: try again"};
    }
    return {problem.is_bad_data() ? administration_errc::bad_data : administration_errc::io,
            "cannot use " + file.string() + ": " + problem.what()};
}

}  // namespace porter::detail::store::sqlite::administration
