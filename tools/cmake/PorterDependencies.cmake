# The packages of the parts that are built. What the archives of the library need is also in porterConfig.cmake.in.
find_package(Threads REQUIRED)
find_package(Asio 1.22 REQUIRED)
find_package(libsodium REQUIRED)
find_package(utf8proc REQUIRED)

if(PORTER_BUILD_CLIENT OR PORTER_BUILD_SERVER)
  find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL Crypto)
endif()

if(PORTER_BUILD_SERVER)
  find_package(fmt REQUIRED)
  find_package(libcrypt REQUIRED)
  find_package(SQLite3 3.37 REQUIRED)  # STRICT tables
  find_package(zxcvbn REQUIRED)
endif()

if(PORTER_POSTGRES)
  find_package(PostgreSQL 14 REQUIRED)  # pipelines
endif()

if(PORTER_BUILD_PROGRAMS)
  find_package(CLI11 REQUIRED)
  find_package(tomlplusplus REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(libedit REQUIRED)
  find_package(qrencode REQUIRED)
  find_package(cpphttplib REQUIRED)
endif()
