#pragma once

#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite::administration {

/// A transaction on a database that is still the one at its path: a restore may have replaced it, for example during a
/// prompt, and writes to the old file would be lost. Throws error (busy) then.
class guarded_transaction : public transaction {
public:
    explicit guarded_transaction(database& on) : transaction(on) { reject_replaced(on); }
};

}  // namespace porter::detail::store::sqlite::administration
