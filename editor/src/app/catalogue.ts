/** The node types that the server knows, as the canvas asks for them. */

import { createContext, useContext } from 'react'

import type { NodeType } from '../api/types'
import type { Kinds } from '../document/geometry'
import type { GraphNode } from '../document/graph'
import type { Roles } from '../document/rules'

export class Catalogue implements Roles {
  private readonly byName: ReadonlyMap<string, NodeType>

  constructor(readonly types: readonly NodeType[]) {
    this.byName = new Map(types.map((type) => [type.name, type]))
  }

  get(name: string): NodeType | undefined {
    return this.byName.get(name)
  }

  titleOf(name: string): string {
    return this.get(name)?.title ?? name
  }

  roleOf(name: string) {
    return this.get(name)?.role
  }

  /** With the ports that the server told of single nodes, which their configs give them. */
  kinds(told: Readonly<Record<string, readonly string[]>>): Kinds {
    return {
      isContainer: (type) => this.roleOf(type) === 'container',
      portsOf: (node: GraphNode) => told[node.id] ?? this.get(node.type)?.ports ?? ['out'],
    }
  }
}

const Context = createContext<Catalogue>(new Catalogue([]))
export const CatalogueProvider = Context.Provider

export function useCatalogue(): Catalogue {
  return useContext(Context)
}
