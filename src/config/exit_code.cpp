#include "config/exit_code.hpp"

namespace porter::detail::config {

exit_code exit_code_of(start_errc error) noexcept
{
    switch (error) {
        case start_errc::configuration:
            return exit_code::bad_configuration;
        case start_errc::bad_data:
            return exit_code::bad_data;
        case start_errc::cannot_create:
            return exit_code::cannot_create;
        case start_errc::io:
            return exit_code::io;
        case start_errc::cannot_listen:
            return exit_code::unreachable;
        case start_errc::unavailable:
            return exit_code::temporary_failure;
    }
    return exit_code::defect;
}

}  // namespace porter::detail::config
