#!/usr/bin/env python3
"""Builds and runs the project in parent as users build theirs, against Porter's library.

    consumer.py WORK install [--compiler g++] [...]     builds and installs the library, and moves its prefix to WORK
    consumer.py WORK package [--compiler ...] [...]     a project with find_package(porter 0.2 COMPONENTS ...)
    consumer.py WORK pkg_config [...]                   the same sources with the flags of pkg-config
    consumer.py WORK subdirectory [...]                 the same project with add_subdirectory, in which Porter is built
    consumer.py WORK all                                the library of each compiler, with all of these

WORK keeps the builds of the last run."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

PARENT = pathlib.Path(__file__).resolve().parent / "parent"
SOURCE = PARENT.parents[2]
COMPONENTS = ("wire", "client", "server")
ADDRESS = "-fsanitize=address -fno-omit-frame-pointer"
# What only the other parts of Porter need: with it disabled, porter::wire must still build.
UNUSED_BY_WIRE = ("Catch2", "CLI11", "OpenSSL", "SQLite3", "cpphttplib", "fmt", "libcrypt", "libedit", "nlohmann_json",
                  "tomlplusplus", "zxcvbn")
HANG_GUARD = 120  # seconds


def run(*command, **options):
    """Its output is shown only if it fails, which ends this program."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode:
        sys.exit(f"{done.stdout}\nfailed ({done.returncode}): {' '.join(map(str, command))}")
    return done.stdout


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def run_programs(folder, names):
    for name in names:
        with tempfile.TemporaryDirectory() as home:
            arguments = [home] if name == "session" else []
            said = run(folder / name, *arguments, timeout=HANG_GUARD, env={**os.environ, "HOME": home})
        if said != "ok\n":
            sys.exit(f"{name} says: {said}")


def programs(components):
    return ["porter", "shared"] + (["session"] if "server" in components else [])


class Consumer:
    def __init__(self, options):
        self.work = options.work
        self.compiler = options.compiler
        self.build_type = options.build_type
        self.flags = options.flags
        self.components = options.components.split(",")
        self.library = options.library or options.compiler
        # Only g++ compiles Asio's implementation apart from its users (PorterAsio.cmake).
        self.separate = "clang" not in self.library
        self.moved = self.work / f"moved prefix of {self.library}"

    def cmake(self, source, build, *options):
        run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_CXX_COMPILER={self.compiler}", *options)
        run("cmake", "--build", build, "-j", os.environ.get("CTEST_PARALLEL_LEVEL", 2))

    def install(self):
        """As a packager does: with the preset, to a staging folder; and then where no path was compiled in."""
        build = self.work / f"library-{self.compiler}"
        run("cmake", "--preset", "library", "-B", build, f"-DCMAKE_CXX_COMPILER={self.compiler}",
            f"-DCMAKE_BUILD_TYPE={self.build_type}", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
            f"-DPORTER_PRECOMPILE={'ON' if 'clang' in self.compiler else 'OFF'}",
            "-DCMAKE_INSTALL_PREFIX=/opt/porter", cwd=SOURCE)
        run("cmake", "--build", build, "-j", os.environ.get("CTEST_PARALLEL_LEVEL", 2))
        stage = fresh(self.work / "stage")
        run("cmake", "--install", build, env={**os.environ, "DESTDIR": str(stage)})
        shutil.move(stage / "opt/porter", fresh(self.moved))
        if (self.moved / "bin").exists():
            sys.exit("the preset library installs programs")
        for example in SOURCE.glob("tests/examples/*.cpp"):
            if not (self.moved / "share/doc/porter/examples" / example.name).is_file():
                sys.exit(f"the example {example.name} is not installed")

    def package(self):
        build = fresh(self.work / "package")
        self.cmake(PARENT, build, f"-DCMAKE_BUILD_TYPE={self.build_type}", f"-DCMAKE_CXX_FLAGS={self.flags}",
                   f"-DCMAKE_PREFIX_PATH={self.moved}", f"-DCOMPONENTS={';'.join(self.components)}",
                   f"-DSEPARATE={self.separate}", "-Wdev", "-Werror=dev")
        run_programs(build, programs(self.components))

    def pkg_config(self):
        build = fresh(self.work / "pkg-config")
        build.mkdir()
        folder = next(self.moved.glob("lib*/**/pkgconfig"))

        def flags(*options):
            # A space within a path is escaped, as for a shell.
            said = run("pkg-config", *options, env={**os.environ, "PKG_CONFIG_PATH": str(folder)})
            return [word.replace("\0", " ") for word in said.replace("\\ ", "\0").split()]

        def program(name, packages, *sources):
            for source in sources:
                options = ["-DASIO_SEPARATE_COMPILATION"] if source == "separate" and self.separate else []
                if "clang" in self.compiler:  # for files that include Asio before Porter
                    options += ["-DASIO_HAS_CO_AWAIT=1", "-DASIO_HAS_STD_COROUTINE=1"]
                run(self.compiler, "-std=c++20", *self.flags.split(), *options, *flags("--cflags", *packages),
                    "-c", PARENT / f"{source}.cpp", "-o", build / f"{source}.o")
            for static in ([], ["--static"]):
                run(self.compiler, *self.flags.split(), *(build / f"{source}.o" for source in sources),
                    *flags("--libs", *static, *packages), "-o", build / name)
                run_programs(build, [name])

        program("porter", ["porter-wire"], "two_asios", "round_trip", "elsewhere", "separate")
        if "server" in self.components:
            program("session", ["porter-client", "porter-server"], "session")

    def subdirectory(self):
        build = fresh(self.work / "subdirectory")
        options = [f"-DPORTER_BUILD_{part.upper()}={'ON' if part in self.components else 'OFF'}"
                   for part in COMPONENTS[1:]]
        if self.components == ["wire"]:
            options += [f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON" for package in UNUSED_BY_WIRE]
        if shutil.which("ccache"):
            options.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        self.cmake(PARENT, build, f"-DPORTER_SOURCE={SOURCE}", f"-DCMAKE_BUILD_TYPE={self.build_type}",
                   f"-DCMAKE_CXX_FLAGS={self.flags}", f"-DCOMPONENTS={';'.join(self.components)}",
                   f"-DSEPARATE={self.separate}", *options)
        run_programs(build, programs(self.components))
        installed = fresh(self.work / "installed")
        run("cmake", "--install", build, "--prefix", installed)
        if installed.exists():
            sys.exit("a project that contains Porter installs Porter")


def every_combination(options):
    everything = ",".join(COMPONENTS)
    for library in ("g++", "clang++-19"):
        yield "install", library, library, "Release", "", everything
        for compiler in ("g++", "clang++-19"):
            for build_type, flags in (("Debug", ""), ("Debug", ADDRESS), ("RelWithDebInfo", ""), ("Release", "")):
                yield "package", library, compiler, build_type, flags, everything
            for flags in ("-O0", "-O2"):
                yield "pkg_config", library, compiler, "", flags, everything
    for compiler in ("g++", "clang++-19"):
        for build_type, flags in (("Debug", ""), ("Debug", ADDRESS), ("RelWithDebInfo", ""), ("Release", "")):
            yield "subdirectory", compiler, compiler, build_type, flags, "wire"
    yield "subdirectory", "g++", "g++", "Debug", ADDRESS, everything


def run_all(options):
    for step, library, compiler, build_type, flags, components in every_combination(options):
        options.library, options.compiler, options.build_type = library, compiler, build_type
        options.flags, options.components = flags, components
        begun = time.monotonic()
        getattr(Consumer(options), step)()
        described = " ".join(filter(None, (step, f"with {compiler}", build_type, flags, f"library of {library}")))
        print(f"{described}: ok, {time.monotonic() - begun:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("step", choices=("install", "package", "pkg_config", "subdirectory", "all"))
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--library", help="the compiler of the installed library, if it is another one")
    parser.add_argument("--build-type", default="Release")
    parser.add_argument("--flags", default="", help="of the compiler")
    parser.add_argument("--components", default=",".join(COMPONENTS))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.step == "all":
        run_all(options)
    else:
        getattr(Consumer(options), options.step)()


if __name__ == "__main__":
    main()
