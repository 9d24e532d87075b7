// Wrong evaluators, each with one mistake: the comparison has to notice every one of them.
import { Evaluation } from './cost.mjs';

const NOTHING = { type: 0n, field: 0n };

class NoArguments extends Evaluation {
  input() {}
}
class InputFieldsForgotten extends Evaluation {
  input(parts, type, weight, value) {
    if (value !== undefined && value !== null) parts.add(weight);
  }
}
class NoDirectives extends Evaluation {
  directive() {}
}
class NothingSkipped extends Evaluation {
  isOut() {
    return false;
  }
}
class VariablesNeverSkip extends Evaluation {
  isOut(selection) {
    return this.isOutByLiteral(selection);
  }
}
class AlternativesSummed extends Evaluation {
  alternatives(objects, others) {
    return super.alternatives(objects, others, Infinity);
  }
}
class AlternativesNeverSummed extends Evaluation {
  alternatives(objects, others) {
    return super.alternatives(objects, others, 0);
  }
}
class SizedFieldsIgnored extends Evaluation {
  field(selection, parent) {
    return super.field(selection, parent, new Map());
  }
}
class OwnListSizeIgnored extends Evaluation {
  sizes(parent, field, given) {
    return { ...super.sizes(parent, field, given), own: this.listSize };
  }
}
class InnerListsForgotten extends Evaluation {
  count(field, size) {
    return super.count(field, size) === 1n ? 1n : size;
  }
}
class DefaultsIgnored extends Evaluation {
  size(field, spec, given) {
    const size = super.size(field, spec, given);
    return spec.paths.length > 0 && given[spec.paths[0][0]] === undefined ? this.listSize : size;
  }
}
class OneArgumentNotRequired extends Evaluation {
  size(field, spec, given) {
    return super.size(field, { ...spec, requireOne: false }, given);
  }
}
class NegativeRootKept extends Evaluation {
  withWeight(weight, below) {
    return weight + below;
  }
}
class ObjectsOfInterfaceIgnored extends Evaluation {
  sizes(parent, field, given) {
    if (this.priced.listSize(field) !== undefined) return super.sizes(parent, field, given);
    return { own: this.listSize, below: new Map() };
  }
}
class SpreadFragmentsFree extends Evaluation {
  fragment(selection, parent, sizes) {
    const isKnown = this.known.get(sizes)?.has(selection.name?.value);
    return isKnown ? NOTHING : super.fragment(selection, parent, sizes); // charged once only
  }
}
class NotSaturated extends Evaluation {
  run() {
    const { type, field } = super.run();
    const beyond = (x) => (x === 10n ** 15n ? x + 1n : x);
    return { type: beyond(type), field: beyond(field) };
  }
}

export const MUTANTS = [
  NoArguments, InputFieldsForgotten, NoDirectives, NothingSkipped, VariablesNeverSkip,
  AlternativesSummed, AlternativesNeverSummed, SizedFieldsIgnored, OwnListSizeIgnored,
  InnerListsForgotten, DefaultsIgnored, OneArgumentNotRequired, NegativeRootKept,
  ObjectsOfInterfaceIgnored, SpreadFragmentsFree, NotSaturated,
];
