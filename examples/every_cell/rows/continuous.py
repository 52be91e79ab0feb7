"""Cells of continuous time beside LTC and CfC, with a constant and with an elapsed time that every step is told."""

from collections.abc import Mapping

from examples.every_cell.case import INPUTS, UNITS, Case, cell
from lnncc.cells import CTGRU, CTLSTM, CTRNN, GRUD, GRUODE, LRCU, LTC, ODELSTM, AutoNCP, PaperLTC, PhasedLSTM

SPAN = (0.1, 4.0)
SHORT = (0.1, 1.0)  # what explicit solvers stay stable at

WIRING = AutoNCP(UNITS + 2, 2).wire(INPUTS)

CASES: Mapping[str, Case] = {
    "LTC, explicit Euler": cell(LTC(WIRING, solver="euler")),
    "LTC, RK4": cell(LTC(WIRING, unfolds=2, solver="rk4"), error=(1e-2, 5e-2)),
    "LTC, explicit Euler, irregular time": cell(LTC(WIRING, solver="euler"), dt=SHORT, error=(1e-2, 5e-2)),
    "LTC, RK4, irregular time": cell(LTC(WIRING, unfolds=2, solver="rk4"), dt=SHORT, error=(1e-2, 5e-2)),
    "LTC, paper form": cell(PaperLTC(INPUTS, UNITS)),
    "LTC, paper form, irregular time": cell(PaperLTC(INPUTS, UNITS), dt=SPAN),
    "CT-RNN, Euler": cell(CTRNN(INPUTS, UNITS)),
    "CT-RNN, Heun": cell(CTRNN(INPUTS, UNITS, "heun", 2)),
    "CT-RNN, RK4": cell(CTRNN(INPUTS, UNITS, "rk4", 2)),
    "CT-RNN, Euler, irregular time": cell(CTRNN(INPUTS, UNITS), dt=SHORT),
    "CT-RNN, Heun, irregular time": cell(CTRNN(INPUTS, UNITS, "heun", 2), dt=SHORT),
    "CT-RNN, RK4, irregular time": cell(CTRNN(INPUTS, UNITS, "rk4", 2), dt=SHORT),
    "ODE-RNN, Euler": cell(CTRNN(INPUTS, UNITS, leak=False)),
    "ODE-RNN, RK4": cell(CTRNN(INPUTS, UNITS, "rk4", 2, leak=False)),
    "ODE-RNN, Euler, irregular time": cell(CTRNN(INPUTS, UNITS, leak=False), dt=SHORT),
    "STC": cell(LRCU(INPUTS, UNITS, "none")),
    "LRCU": cell(LRCU(INPUTS, UNITS)),
    "LRCU, symmetric elastance": cell(LRCU(INPUTS, UNITS, "symmetric")),
    "LRCU, irregular time": cell(LRCU(INPUTS, UNITS), dt=SHORT),
    "STC, irregular time": cell(LRCU(INPUTS, UNITS, "none"), dt=SHORT),
    "GRU-D": cell(GRUD(INPUTS, UNITS)),
    "GRU-D, irregular time": cell(GRUD(INPUTS, UNITS), dt=SPAN),
    "GRU-ODE, Euler": cell(GRUODE(INPUTS, UNITS)),
    "GRU-ODE, RK4": cell(GRUODE(INPUTS, UNITS, "rk4", 1)),
    "GRU-ODE, Euler, irregular time": cell(GRUODE(INPUTS, UNITS), dt=SHORT),
    "GRU-ODE, RK4, irregular time": cell(GRUODE(INPUTS, UNITS, "rk4", 1), dt=SHORT),
    "CT-GRU": cell(CTGRU(INPUTS, UNITS, 5), error=(2e-2, 0.5)),
    "CT-GRU, eight scales": cell(CTGRU(INPUTS, UNITS, 8), error=(2e-2, 0.5)),  # 0.03 % a step is nothing to an int16
    "CT-GRU, irregular time": cell(CTGRU(INPUTS, UNITS, 5), dt=SPAN, error=(2e-2, 0.5)),
    "CT-LSTM": cell(CTLSTM(INPUTS, UNITS)),
    "CT-LSTM, irregular time": cell(CTLSTM(INPUTS, UNITS), dt=SPAN),
    "ODE-LSTM": cell(ODELSTM(INPUTS, UNITS)),
    "ODE-LSTM, irregular time": cell(ODELSTM(INPUTS, UNITS), dt=SPAN),
    "phased LSTM": cell(PhasedLSTM(INPUTS, UNITS), error=(5e-2, 5e-2)),  # its closed gate moves less than 16 bits tell
    "phased LSTM, irregular time": cell(PhasedLSTM(INPUTS, UNITS), dt=SPAN, error=(0.1, 0.1)),
}
