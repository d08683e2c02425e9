#include "config/exit_code.hpp"

namespace porter::rooms::config {

exit_code exit_code_of(start_error::kind why) noexcept
{
    switch (why) {
        case start_error::kind::configuration:
            return exit_code::bad_configuration;
        case start_error::kind::bad_data:
            return exit_code::bad_data;
        case start_error::kind::cannot_create:
            return exit_code::cannot_create;
        case start_error::kind::io:
            return exit_code::io;
        case start_error::kind::cannot_listen:
            return exit_code::unreachable;
    }
    return exit_code::defect;
}

}  // namespace porter::rooms::config
