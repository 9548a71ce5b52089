# Cross toolchain of the firmware: GNU for bare-metal Arm, Cortex-M4 without its floating-point unit
# (the FreeRTOS port in use saves no floating-point registers).
#
# SPDX-License-Identifier: BSD-3-Clause
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb -mfloat-abi=soft")
set(CMAKE_EXECUTABLE_SUFFIX_C .elf)
